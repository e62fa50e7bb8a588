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
        "O estado atual ({current_status}) não permite isto.",
        "The present state ({current_status}) does not allow this.",
    ),
    "already_created": (
        "Isto já foi criado com esta Idempotency-Key; a resposta tinha um segredo e não se repete.",
        "This was created with this Idempotency-Key; its answer held a secret and is not repeated.",
    ),
    "already_registered": (
        "Esta instância ou este número já está registrado.",
        "This instance or this number is registered already.",
    ),
    "contact_exists": (
        "Já existe um contato com este telefone.",
        "There is a contact with this phone already.",
    ),
    "idempotency_in_progress": (
        "O primeiro pedido com esta Idempotency-Key ainda está em andamento.",
        "The first request with this Idempotency-Key is still running.",
    ),
    "idempotency_key_reused": (
        "Esta Idempotency-Key já foi usada com outro conteúdo.",
        "This Idempotency-Key was used with another body.",
    ),
    "instance_busy": (
        "A instância já está ocupada por outra campanha.",
        "The instance is held by another campaign.",
    ),
    "instance_in_use": (
        "Uma campanha ativa ou agendada usa esta instância.",
        "A live or scheduled campaign uses this instance.",
    ),
    "last_owner_key": (
        "A última chave de dono não pode ser removida.",
        "The last owner key stays.",
    ),
    "message_order_taken": (
        "Outra mensagem já está nesta posição.",
        "Another message has this place already.",
    ),
    "phone_identifies_contact": (
        "O telefone identifica o contato e só pode mudar para outra grafia do mesmo número.",
        "The phone identifies the contact; it may change only to another spelling of itself.",
    ),
    "too_many_messages": (
        "Uma campanha tem no máximo 5 mensagens.",
        "A campaign has 5 messages at most.",
    ),
    "start_refused": (
        "A campanha ainda não pode ser iniciada.",
        "The campaign cannot be started yet.",
    ),
    "precondition_failed": (
        "O recurso mudou desde que foi lido (If-Match).",
        "The resource has changed since it was read (If-Match).",
    ),
    "validation_failed": ("Há campos inválidos.", "Some fields are not valid."),
    "unknown_reference": (
        "Há ids que não existem: veja `errors`.",
        "Some ids do not exist: see `errors`.",
    ),
    "read_only_field": (
        "Há campos que não podem ser alterados aqui.",
        "Some fields cannot be changed here.",
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
    "unavailable": (
        "O serviço está indisponível. Tente de novo em instantes.",
        "The service is not available. Try again in a moment.",
    ),
    "evolution_unreachable": (
        "O servidor Evolution não responde.",
        "The Evolution server does not answer.",
    ),
    "evolution_error": (
        "O servidor Evolution recusou o pedido.",
        "The Evolution server refused the request.",
    ),
    "internal_error": (
        "Erro interno. Se persistir, informe o X-Request-Id.",
        "Internal error. If it persists, tell us the X-Request-Id.",
    ),
}
