"""What campaigns have to say, by code."""

from typing import Final

CHECKS: Final = {
    "not_a_draft": (
        "Só um rascunho pode ser iniciado, e esta campanha está {current_status}.",
        "Only a draft can be started, and this campaign is {current_status}.",
    ),
    "recipients_preparing": (
        "Os destinatários ainda estão sendo preparados. Espere um instante.",
        "The recipients are still being prepared. Wait a moment.",
    ),
    "recipients_failed": (
        "A preparação dos destinatários falhou. Crie a campanha de novo.",
        "The recipients could not be prepared. Create the campaign anew.",
    ),
    "no_recipients": (
        "Ninguém pode receber esta campanha. Acrescente contatos ativos que não pediram para sair.",
        "Nobody can receive this campaign. Add active contacts who have not opted out.",
    ),
    "no_active_message": (
        "Nenhuma mensagem está ativa. Escreva ou ative ao menos uma.",
        "No message is active. Write or activate at least one.",
    ),
    "unknown_variables": (
        "Nenhum contato tem valor para: {variables}. Confira o nome da variável.",
        "No contact has a value for: {variables}. Check the variable's name.",
    ),
    "missing_values": (
        "Alguns contatos não têm valor para: {variables}. Preencha os contatos, dê um "
        "padrão, como em {{{{nome|amigo}}}}, ou marque allow_missing.",
        "Some contacts have no value for: {variables}. Fill them in, give a default, as in "
        "{{{{nome|friend}}}}, or set allow_missing.",
    ),
    "instance_missing": (
        "A instância desta campanha foi apagada. Escolha outra, ou duplique a campanha.",
        "This campaign's instance was deleted. Choose another one, or duplicate the campaign.",
    ),
    "instance_disconnected": (
        "O WhatsApp da instância não consta como conectado. Conecte-o pelo QR code ou, se já "
        "está conectado, atualize a instância, e tente de novo.",
        "The instance's WhatsApp is not known to be connected. Connect it by its QR code or, if "
        "it is connected already, refresh the instance, and try again.",
    ),
    "instance_busy": (
        "A instância está ocupada por outra campanha. Espere que termine, cancele-a ou "
        "escolha outra instância.",
        "Another campaign holds the instance. Wait for it to end, cancel it or choose another "
        "instance.",
    ),
    "window_never_opens": (
        "Com este horário e o horário de silêncio, nunca há hora de enviar. Mude um dos dois.",
        "With this schedule and the quiet hours there is never a time to send. Change one of them.",
    ),
}

WARNINGS: Final = {
    "quiet_hours_ignored": (
        "Esta campanha ignora o horário de silêncio: pode chegar mensagem entre "
        "{quiet_hours_start} e {quiet_hours_end}, e quem é acordado costuma denunciar.",
        "This campaign ignores the quiet hours: messages may arrive between "
        "{quiet_hours_start} and {quiet_hours_end}, and people who are woken tend to report it.",
    ),
    "no_daily_limit": (
        "A instância não tem limite por dia. Muitas mensagens em um dia são um motivo comum "
        "de bloqueio do número.",
        "The instance has no daily limit. Many messages in a day are a common reason for a "
        "number to be banned.",
    ),
    "quiet_hours": (
        "Parte das mensagens espera o fim do horário de silêncio: entre {quiet_hours_start} "
        "e {quiet_hours_end} nada sai.",
        "Some messages wait for the end of the quiet hours: between {quiet_hours_start} and "
        "{quiet_hours_end} nothing leaves.",
    ),
    "daily_limit_spans_days": (
        "Com o limite de {daily_limit} mensagens por dia, o envio leva {days} dias.",
        "With the limit of {daily_limit} messages a day, sending takes {days} days.",
    ),
    "first_contact_with_many": (
        "{first_contacts} de {recipients} pessoas nunca receberam mensagem sua. Muitas "
        "conversas novas de uma vez são o que mais leva o WhatsApp a bloquear um número: "
        "envie só a quem pediu, comece por poucas e mantenha baixo o limite por dia.",
        "{first_contacts} of {recipients} people have never had a message from you. Many new "
        "conversations at once are what most makes WhatsApp ban a number: send only to people "
        "who asked for it, begin with a few and keep the daily limit low.",
    ),
    "no_receipts_expected": (
        "O servidor Evolution não avisa este sistema do que acontece com as mensagens: não haverá "
        "entregues, lidas nem respostas, e quem responder SAIR não será descadastrado. Atualize a "
        "instância (refresh) antes de enviar.",
        "The Evolution server does not tell this system what becomes of messages: nothing will be "
        "delivered, read or answered, and who replies SAIR is not opted out. Refresh the instance "
        "before sending.",
    ),
}

EVENTS: Final = {
    "campaign_created": (
        "Campanha criada.",
        "Campaign created.",
    ),
    "campaign_scheduled": (
        "Campanha agendada.",
        "Campaign scheduled.",
    ),
    "campaign_unscheduled": (
        "Agendamento desfeito: a campanha voltou a ser rascunho.",
        "Schedule undone: the campaign is a draft again.",
    ),
    "campaign_started": (
        "Campanha iniciada. Destinatários: {recipients}.",
        "Campaign started. Recipients: {recipients}.",
    ),
    "campaign_paused": (
        "Campanha pausada.",
        "Campaign paused.",
    ),
    "campaign_resumed": (
        "Campanha retomada.",
        "Campaign resumed.",
    ),
    "campaign_cancelled": (
        "Campanha cancelada.",
        "Campaign cancelled.",
    ),
    "campaign_completed": (
        "Campanha concluída.",
        "Campaign completed.",
    ),
    "campaign_auto_paused": (
        "Campanha pausada pelo sistema: {reason}",
        "Campaign paused by the system: {reason}",
    ),
    "recipients_added": (
        "Mais destinatários foram acrescentados e estão sendo preparados.",
        "More recipients were added and are being prepared.",
    ),
    "recipients_ready": (
        "Destinatários prontos: {added}.",
        "Recipients ready: {added}.",
    ),
    "recipients_failed": (
        "A preparação dos destinatários falhou.",
        "The recipients could not be prepared.",
    ),
    "recipient_resolved": (
        "Destinatário {place}: {decision}.",
        "Recipient {place}: {decision}.",
    ),
    "recipients_requeued": (
        "Falhas que voltaram para a fila: {requeued}.",
        "Failures that were put back to be sent: {requeued}.",
    ),
    "campaign_reopened": (
        "Campanha reaberta: fica pausada até ser retomada.",
        "Campaign reopened: it stays paused until it is resumed.",
    ),
    "books_corrected": (
        "As contagens foram conferidas e corrigidas.",
        "The counts were checked and corrected.",
    ),
    "message_sent": (
        "Destinatário {place}: mensagem enviada.",
        "Recipient {place}: message sent.",
    ),
    "message_delivered": (
        "Destinatário {place}: mensagem entregue.",
        "Recipient {place}: message delivered.",
    ),
    "message_read": (
        "Destinatário {place}: mensagem lida.",
        "Recipient {place}: message read.",
    ),
    "message_responded": (
        "Destinatário {place}: respondeu.",
        "Recipient {place}: answered.",
    ),
    "message_failed": (
        "Destinatário {place}: mensagem não enviada. {reason}",
        "Recipient {place}: message not sent. {reason}",
    ),
    "message_skipped": (
        "Destinatário {place}: mensagem pulada. {reason}",
        "Recipient {place}: message skipped. {reason}",
    ),
    "message_unknown": (
        "Destinatário {place}: não se sabe se a mensagem foi enviada. {reason}",
        "Recipient {place}: it is not known whether the message was sent. {reason}",
    ),
    "message_unconfirmed": (
        "Destinatário {place}: envio sem confirmação. {reason}",
        "Recipient {place}: the send could not be confirmed. {reason}",
    ),
    "because": (
        "Motivo: {reason}",
        "Reason: {reason}",
    ),
}

PAUSES: Final = {
    "instance_disconnected": (
        "o WhatsApp da instância está desconectado. Conecte-o de novo e retome a campanha.",
        "the instance's WhatsApp is not connected. Connect it again and resume the campaign.",
    ),
    "instance_unauthorized": (
        "o servidor recusou a chave da instância. Informe a chave atual e retome a campanha.",
        "the server refused the instance's key. Give its present key and resume the campaign.",
    ),
    "instance_not_found": (
        "a instância não existe mais no servidor. Crie-a de novo ou duplique a campanha em outra.",
        "the instance no longer exists on the server. Make it again, or duplicate the "
        "campaign on another.",
    ),
    "licence_required": (
        "o servidor Evolution pede uma licença. Fale com quem cuida dele.",
        "the Evolution server wants a licence. Ask whoever runs it.",
    ),
    "address_not_allowed": (
        "o endereço do servidor não é permitido. Fale com quem mantém a instalação.",
        "the server's address is not allowed. Ask whoever runs the deployment.",
    ),
    "many_failures": (
        "houve falhas demais seguidas. Veja os motivos nos destinatários antes de retomar.",
        "too many sends failed in a row. Look at the recipients' reasons before resuming.",
    ),
    "messages_refused": (
        "o WhatsApp recusou várias mensagens seguidas. Deixe o número descansar um dia e revise o "
        "texto e a lista antes de retomar.",
        "WhatsApp refused several messages in a row. Let the number rest for a day, and go over "
        "the text and the list before resuming.",
    ),
    "no_receipts": (
        "quase nenhuma mensagem da última hora foi entregue. Veja no celular se o número ainda "
        "envia antes de retomar.",
        "hardly any message of the last hour was delivered. See on the phone whether the number "
        "still sends before resuming.",
    ),
    "restored_from_backup": (
        "os dados voltaram de uma cópia de segurança. Veja quem ficou sem confirmação e retome "
        "quando estiver em ordem.",
        "the data came back from a backup. See who is unconfirmed, and resume when all is well.",
    ),
}

#: A campaign's status, as the middle of a sentence has it.
STATES: Final = {
    "draft": ("em rascunho", "a draft"),
    "scheduled": ("agendada", "scheduled"),
    "active": ("ativa", "active"),
    "paused": ("pausada", "paused"),
    "completed": ("concluída", "completed"),
    "cancelled": ("cancelada", "cancelled"),
}
