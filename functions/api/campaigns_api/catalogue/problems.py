"""What a problem says, by its code; and its title, by its status."""

from typing import Final

TITLES: Final = {
    "401": ("Não autenticado", "Unauthenticated"),
    "403": ("Não permitido", "Forbidden"),
    "404": ("Não encontrado", "Not found"),
    "405": ("Método não aceito", "Method not allowed"),
    "409": ("Conflito", "Conflict"),
    "412": ("Versão desatualizada", "Precondition failed"),
    "413": ("Conteúdo grande demais", "Content too large"),
    "422": ("Dados inválidos", "Unprocessable content"),
    "429": ("Pedidos demais", "Too many requests"),
    "500": ("Erro interno", "Internal error"),
    "502": ("Recusado pelo Evolution", "Refused by Evolution"),
    "503": ("Indisponível", "Unavailable"),
}

PROBLEMS: Final = {
    "unauthenticated": (
        "Falta uma chave válida. Envie `Authorization: Bearer <chave>`.",
        "A valid key is missing. Send `Authorization: Bearer <key>`.",
    ),
    "forbidden": (
        "O papel desta chave não permite esta operação.",
        "The role of this key does not allow this operation.",
    ),
    "not_found": ("Não encontrado.", "Not found."),
    "method_not_allowed": (
        "Este endereço não aceita esse método.",
        "This address does not take that method.",
    ),
    "invalid_state": (
        "Isto não é possível no estado atual: {current_status}.",
        "This is not possible in the present state: {current_status}.",
    ),
    "already_created": (
        "Isto já foi criado com esta Idempotency-Key; a resposta tinha um segredo e não se repete.",
        "This was created with this Idempotency-Key; its answer held a secret and is not repeated.",
    ),
    "already_registered": (
        "Esta instância, ou o número de WhatsApp dela, já está registrada aqui. Para usar o número "
        "nesta, desconecte ou apague a outra antes.",
        "This instance, or its WhatsApp number, is registered here already. To use the number with "
        "this one, disconnect or delete the other first.",
    ),
    "contact_exists": (
        "Já existe um contato com este telefone.",
        "There is a contact with this phone already.",
    ),
    "daily_limit_reached": (
        "A instância atingiu o limite de mensagens do dia. Tente amanhã ou aumente o limite.",
        "The instance has reached its message limit for the day. Try tomorrow, or raise it.",
    ),
    "opted_out": (
        "A pessoa deste telefone pediu para não receber mensagens.",
        "The person with this phone has asked to get no messages.",
    ),
    "idempotency_in_progress": (
        "O primeiro pedido com esta Idempotency-Key ainda está em andamento. Tente em instantes.",
        "The first request with this Idempotency-Key is still running. Try again in a moment.",
    ),
    "idempotency_key_reused": (
        "Esta Idempotency-Key já foi usada com outro conteúdo. Use uma nova.",
        "This Idempotency-Key was used with another body. Use a new one.",
    ),
    "instance_busy": (
        "A instância está ocupada por outra campanha. Espere que termine ou cancele-a.",
        "Another campaign holds the instance. Wait for it to end, or cancel it.",
    ),
    "instance_in_use": (
        "Uma campanha ativa, pausada ou agendada usa esta instância. Cancele-a antes.",
        "An active, paused or scheduled campaign uses this instance. Cancel it first.",
    ),
    "no_server_configured": (
        "Esta instalação não tem um servidor Evolution próprio. Registre uma instância que já"
        " existe (evolution_url, evolution_instance, api_key), ou peça a quem mantém a instalação"
        " que configure um.",
        "This deployment has no Evolution server of its own. Register an instance that exists"
        " (evolution_url, evolution_instance, api_key), or have whoever runs the deployment set one"
        " up.",
    ),
    "last_owner_key": (
        "A última chave de dono não pode ser apagada: crie outra antes.",
        "The last owner key cannot be deleted: create another one first.",
    ),
    "message_order_taken": (
        "Outra mensagem já está nesta posição. Use outra, ou mude aquela antes.",
        "Another message has this place already. Use another, or move that one first.",
    ),
    "phone_identifies_contact": (
        "O telefone identifica o contato e só pode mudar para outra grafia do mesmo número.",
        "The phone identifies the contact; it may change only to another spelling of itself.",
    ),
    "too_many_instances": (
        "Já há {limit} instâncias criadas no servidor desta instalação. Apague as que não usa.",
        "There are {limit} instances on the deployment's server already. Delete those not in use.",
    ),
    "too_many_messages": (
        "Uma campanha tem no máximo 5 mensagens.",
        "A campaign has 5 messages at most.",
    ),
    "start_refused": (
        "A campanha ainda não pode ser iniciada: veja tudo o que falta em `errors`.",
        "The campaign cannot be started yet: see all that stands against it in `errors`.",
    ),
    "precondition_failed": (
        "Isto mudou desde que foi lido (If-Match). Leia de novo e refaça a mudança.",
        "This has changed since it was read (If-Match). Read it again and redo the change.",
    ),
    "validation_failed": (
        "Há campos inválidos: veja `errors`.",
        "Some fields are not valid: see `errors`.",
    ),
    "unknown_reference": (
        "Há ids que não existem: veja `errors`.",
        "Some ids do not exist: see `errors`.",
    ),
    "read_only_field": (
        "Há campos que não podem ser alterados aqui: veja `errors`.",
        "Some fields cannot be changed here: see `errors`.",
    ),
    "too_many_filters": ("Use um filtro por vez.", "Use one filter at a time."),
    "invalid_cursor": (
        "O cursor não vale para esta lista. Comece sem cursor.",
        "The cursor does not belong to this list. Start without one.",
    ),
    "body_too_large": (
        "O conteúdo passa do limite de {limit} bytes.",
        "The body is over the limit of {limit} bytes.",
    ),
    "throttled": (
        "Pedidos demais. Tente de novo em {retry_after} s.",
        "Too many requests. Try again in {retry_after} s.",
    ),
    "concurrent_update": (
        "Outro pedido mudou isto ao mesmo tempo. Tente de novo.",
        "Another request changed this at the same time. Try again.",
    ),
    "not_yet": (
        "Ainda não. Envie de novo em alguns segundos.",
        "Not yet. Send it again in a few seconds.",
    ),
    "unavailable": (
        "O serviço está indisponível. Tente de novo em instantes.",
        "The service is not available. Try again in a moment.",
    ),
    "evolution_unreachable": (
        "O servidor Evolution não responde. Confira se está no ar e tente de novo.",
        "The Evolution server does not answer. Check that it is up, and try again.",
    ),
    "evolution_error": (
        "O servidor Evolution não atendeu ao pedido. Tente de novo em instantes; se continuar, "
        "avise quem cuida dele.",
        "The Evolution server did not do what was asked. Try again in a moment; if it goes on, "
        "tell whoever runs it.",
    ),
    "internal_error": (
        "Erro interno. Se persistir, informe o X-Request-Id.",
        "Internal error. If it persists, tell us the X-Request-Id.",
    ),
}

#: Why an Evolution server will not do, where its answer says so.
REASONS: Final = {
    "wrong_key": (
        "O servidor Evolution recusou a chave da instância. Informe a chave atual.",
        "The Evolution server refused the instance's key. Give its present one.",
    ),
    "unknown_instance": (
        "O servidor Evolution não conhece esta instância. Crie-a nele, ou apague este registro.",
        "The Evolution server has no such instance. Make it there, or delete this record.",
    ),
    "not_evolution": (
        "No endereço da instância não responde um servidor Evolution. Confira se ele está no ar.",
        "No Evolution server answers at the instance's address. Check that it is up.",
    ),
    "unsupported_version": (
        "A versão {version} do Evolution não serve; use a 2.3 ou mais nova.",
        "Evolution {version} will not do; use 2.3 or later.",
    ),
    "server_key_refused": (
        "O servidor Evolution da instalação recusou a chave dela. Avise quem mantém a instalação.",
        "The deployment's Evolution server refused its key. Tell whoever runs the deployment.",
    ),
    "still_connected": (
        "O servidor Evolution ainda não soltou o número desta instância. Tente em instantes.",
        "The Evolution server has not let go of this instance's number yet. Try in a moment.",
    ),
    "name_taken": (
        "O servidor Evolution já tem uma instância com este nome. Tente de novo.",
        "The Evolution server has an instance of this name already. Try again.",
    ),
}
