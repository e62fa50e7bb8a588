"""What campaigns and their recipients have to say, by code."""

from typing import Final

CHECKS: Final = {
    "not_a_draft": (
        "A campanha não é um rascunho: {current_status}.",
        "The campaign is no draft: {current_status}.",
    ),
    "recipients_preparing": (
        "Os destinatários ainda estão sendo preparados.",
        "The recipients are still being prepared.",
    ),
    "recipients_failed": (
        "A preparação dos destinatários falhou.",
        "The recipients could not be prepared.",
    ),
    "no_recipients": (
        "Nenhum contato pode receber esta campanha.",
        "No contact can receive this campaign.",
    ),
    "no_active_message": ("Nenhuma mensagem está ativa.", "No message is active."),
    "unknown_variables": (
        "Nenhum contato tem valor para: {variables}.",
        "No contact has a value for: {variables}.",
    ),
    "missing_values": (
        "Faltam valores para variáveis em alguns contatos.",
        "Some contacts lack values for variables.",
    ),
    "instance_disconnected": (
        "O WhatsApp da instância está desconectado.",
        "The instance's WhatsApp is not connected.",
    ),
    "instance_busy": (
        "A instância já está ocupada por outra campanha.",
        "The instance is held by another campaign.",
    ),
    "window_never_opens": (
        "Com esta agenda e o horário de silêncio, nunca se abre uma janela de envio.",
        "With this schedule and the quiet hours no sending window ever opens.",
    ),
}

WARNINGS: Final = {
    "quiet_hours_ignored": (
        "O horário de silêncio não vale para esta campanha.",
        "Quiet hours do not apply to this campaign.",
    ),
    "no_daily_limit": (
        "A instância não tem limite por dia.",
        "The instance has no daily limit.",
    ),
}

EVENTS: Final = {
    "campaign_created": ("Campanha criada.", "Campaign created."),
    "campaign_scheduled": ("Campanha agendada.", "Campaign scheduled."),
    "campaign_unscheduled": ("Agendamento desfeito.", "Schedule undone."),
    "campaign_started": ("Campanha iniciada.", "Campaign started."),
    "campaign_paused": ("Campanha pausada.", "Campaign paused."),
    "campaign_resumed": ("Campanha retomada.", "Campaign resumed."),
    "campaign_cancelled": ("Campanha cancelada.", "Campaign cancelled."),
    "campaign_completed": ("Campanha concluída.", "Campaign completed."),
    "campaign_auto_paused": (
        "Campanha pausada pelo sistema: {reason}",
        "Campaign paused by the system: {reason}",
    ),
    "recipients_ready": ("Destinatários prontos.", "Recipients ready."),
    "recipients_failed": (
        "A preparação dos destinatários falhou.",
        "The recipients could not be prepared.",
    ),
    "books_corrected": ("Contagens conferidas e corrigidas.", "Counts checked and corrected."),
    "message_sent": ("Mensagem {place} enviada.", "Message {place} sent."),
    "message_delivered": ("Mensagem {place} entregue.", "Message {place} delivered."),
    "message_read": ("Mensagem {place} lida.", "Message {place} read."),
    "message_responded": ("Mensagem {place} respondida.", "Message {place} answered."),
    "message_failed": (
        "Mensagem {place} não enviada: {reason}",
        "Message {place} not sent: {reason}",
    ),
    "message_skipped": (
        "Mensagem {place} descartada: {reason}",
        "Message {place} skipped: {reason}",
    ),
    "message_unknown": (
        "Mensagem {place}: não se sabe se foi enviada. {reason}",
        "Message {place}: it is not known whether it was sent. {reason}",
    ),
    "message_unconfirmed": (
        "Mensagem {place} sem confirmação de envio. {reason}",
        "Message {place} could not be confirmed. {reason}",
    ),
}

PAUSES: Final = {
    "instance_disconnected": (
        "o WhatsApp da instância está desconectado.",
        "the instance's WhatsApp is not connected.",
    ),
    "instance_unauthorized": (
        "a chave da instância foi recusada.",
        "the instance's key was refused.",
    ),
    "instance_not_found": (
        "a instância não existe no servidor.",
        "the instance does not exist on the server.",
    ),
    "licence_required": ("o servidor espera uma licença.", "the server wants a licence."),
    "address_not_allowed": (
        "o endereço do servidor não é permitido.",
        "the server's address is not allowed.",
    ),
    "many_failures": ("houve falhas demais seguidas.", "too many sends failed in a row."),
}

RECIPIENTS: Final = {
    "number_not_on_whatsapp": ("O número não está no WhatsApp.", "The number is not on WhatsApp."),
    "text_too_long": (
        "Depois de preenchido, o texto passou do limite.",
        "Filled in, the text was over the limit.",
    ),
    "schema_error": (
        "O servidor não entendeu o pedido.",
        "The server did not understand the request.",
    ),
    "instance_unauthorized": (
        "A chave da instância foi recusada.",
        "The instance's key was refused.",
    ),
    "instance_not_found": (
        "A instância não existe no servidor.",
        "The instance does not exist on the server.",
    ),
    "instance_never_connected": (
        "A instância nunca foi conectada.",
        "The instance was never connected.",
    ),
    "licence_required": ("O servidor espera uma licença.", "The server wants a licence."),
    "address_not_allowed": (
        "O endereço do servidor não é permitido.",
        "The server's address is not allowed.",
    ),
    "connect_failed": (
        "Não foi possível conectar ao servidor.",
        "The server could not be reached.",
    ),
    "connection_closed": ("O WhatsApp estava desconectado.", "WhatsApp was not connected."),
    "check_timed_out": (
        "A consulta do número não teve resposta.",
        "The look-up of the number had no answer.",
    ),
    "check_empty": (
        "A consulta do número veio vazia.",
        "The look-up of the number came back empty.",
    ),
    "rate_overlimit": ("O WhatsApp pediu mais calma.", "WhatsApp asked to slow down."),
    "send_threw": ("Houve um erro durante o envio.", "Something failed during the send."),
    "read_timeout": ("O servidor não respondeu a tempo.", "The server did not answer in time."),
    "connection_lost": ("A conexão caiu durante o envio.", "The connection was lost on the way."),
    "proxy_error": ("Um intermediário falhou durante o envio.", "A proxy failed on the way."),
    "unrecognised_answer": (
        "A resposta do servidor não foi reconhecida.",
        "The server's answer was not recognised.",
    ),
    "lease_expired": ("O envio foi interrompido.", "The send was cut short."),
    "refused_by_whatsapp": ("O WhatsApp recusou a mensagem.", "WhatsApp refused the message."),
    "opted_out": ("A pessoa pediu para não receber.", "The person opted out."),
    "contact_inactive": ("O contato está inativo.", "The contact is not active."),
    "contact_deleted": ("O contato foi apagado.", "The contact was deleted."),
    "removed": ("Removido da campanha.", "Removed from the campaign."),
    "campaign_cancelled": ("A campanha foi cancelada.", "The campaign was cancelled."),
    "resolved_as_failed": ("Marcado como não enviado.", "Marked as not sent."),
}
