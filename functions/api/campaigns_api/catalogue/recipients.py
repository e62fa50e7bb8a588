"""What a campaign's recipients have to say, by code; and the words of their spreadsheet."""

from typing import Final

RECIPIENTS: Final = {
    "number_not_on_whatsapp": (
        "O número não está no WhatsApp.",
        "The number is not on WhatsApp.",
    ),
    "text_too_long": (
        "Com os valores do contato, o texto passou do limite do WhatsApp.",
        "With the contact's values the text was over WhatsApp's limit.",
    ),
    "schema_error": (
        "O servidor Evolution não entendeu o pedido.",
        "The Evolution server did not understand the request.",
    ),
    "instance_unauthorized": (
        "O servidor recusou a chave da instância.",
        "The server refused the instance's key.",
    ),
    "instance_not_found": (
        "A instância não existe no servidor.",
        "The instance does not exist on the server.",
    ),
    "instance_never_connected": (
        "A instância nunca foi conectada.",
        "The instance was never connected.",
    ),
    "licence_required": (
        "O servidor Evolution pede uma licença.",
        "The Evolution server wants a licence.",
    ),
    "address_not_allowed": (
        "O endereço do servidor não é permitido.",
        "The server's address is not allowed.",
    ),
    "connect_failed": (
        "Não foi possível conectar ao servidor Evolution.",
        "The Evolution server could not be reached.",
    ),
    "connection_closed": (
        "O WhatsApp da instância estava desconectado.",
        "The instance's WhatsApp was not connected.",
    ),
    "check_timed_out": (
        "O WhatsApp não respondeu se o número existe.",
        "WhatsApp did not answer whether the number exists.",
    ),
    "check_empty": (
        "O WhatsApp não disse se o número existe.",
        "WhatsApp did not say whether the number exists.",
    ),
    "rate_overlimit": (
        "O WhatsApp pediu para enviar mais devagar.",
        "WhatsApp asked to send more slowly.",
    ),
    "send_threw": (
        "Houve um erro no servidor Evolution durante o envio.",
        "Something failed in the Evolution server during the send.",
    ),
    "read_timeout": (
        "O servidor Evolution não respondeu a tempo.",
        "The Evolution server did not answer in time.",
    ),
    "connection_lost": (
        "A conexão com o servidor Evolution caiu durante o envio.",
        "The connection to the Evolution server was lost during the send.",
    ),
    "proxy_error": (
        "Um intermediário no caminho até o servidor Evolution falhou durante o envio.",
        "A proxy on the way to the Evolution server failed during the send.",
    ),
    "unrecognised_answer": (
        "A resposta do servidor Evolution não foi reconhecida.",
        "The Evolution server's answer was not recognised.",
    ),
    "lease_expired": (
        "O envio foi interrompido no meio.",
        "The send was cut short half-way.",
    ),
    "restored_from_backup": (
        "Os dados voltaram de uma cópia de segurança, que não sabe se a mensagem já saiu.",
        "The data came back from a backup, which does not know whether the message has left.",
    ),
    "refused_by_whatsapp": (
        "O WhatsApp recusou a mensagem.",
        "WhatsApp refused the message.",
    ),
    "opted_out": (
        "A pessoa pediu para não receber mensagens.",
        "The person has opted out.",
    ),
    "contact_inactive": (
        "O contato está inativo.",
        "The contact is inactive.",
    ),
    "contact_deleted": (
        "O contato foi apagado.",
        "The contact was deleted.",
    ),
    "removed": (
        "A pessoa foi tirada da campanha.",
        "The person was removed from the campaign.",
    ),
    "campaign_cancelled": (
        "A campanha foi cancelada.",
        "The campaign was cancelled.",
    ),
    "resolved_as_failed": (
        "Marcada por alguém como não enviada.",
        "Marked by somebody as not sent.",
    ),
}

STATUSES: Final = {
    "pending": ("Pendente", "Pending"),
    "sending": ("Enviando", "Sending"),
    "unknown": ("A verificar", "To be checked"),
    "unconfirmed": ("Sem confirmação", "Unconfirmed"),
    "sent": ("Enviada", "Sent"),
    "delivered": ("Entregue", "Delivered"),
    "read": ("Lida", "Read"),
    "responded": ("Respondida", "Responded"),
    "failed": ("Falhou", "Failed"),
    "skipped": ("Pulada", "Skipped"),
}

#: What an operator decided about an unconfirmed one.
DECISIONS: Final = {
    "sent": ("marcado como enviado", "marked as sent"),
    "failed": ("marcado como não enviado", "marked as not sent"),
    "resend": (
        "a mensagem vai de novo, com o risco de chegar duas vezes",
        "the message is sent again, at the risk of arriving twice",
    ),
}

COLUMNS: Final = {
    "number": ("Nº", "No."),
    "name": ("Nome", "Name"),
    "phone": ("Telefone", "Phone"),
    "status": ("Situação", "Status"),
    "sent_at": ("Enviada em", "Sent at"),
    "delivered_at": ("Entregue em", "Delivered at"),
    "read_at": ("Lida em", "Read at"),
    "responded_at": ("Respondida em", "Responded at"),
    "error": ("Motivo", "Reason"),
    "id": ("Id", "Id"),
}
