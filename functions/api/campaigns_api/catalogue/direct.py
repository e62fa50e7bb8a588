"""Why a message that belongs to no campaign was not sent, by code."""

from typing import Final

DIRECT: Final = {
    "not_sent_in_time": (
        "Não foi possível enviar a mensagem dentro do prazo. Tente de novo.",
        "The message could not be sent in time. Try again.",
    ),
    "daily_limit_reached": (
        "A instância atingiu o limite de mensagens do dia.",
        "The instance has reached its message limit for the day.",
    ),
    "instance_disconnected": (
        "O WhatsApp da instância está desconectado.",
        "The instance's WhatsApp is not connected.",
    ),
    "opt_out_taken_back": (
        "A pessoa voltou a aceitar mensagens antes da confirmação.",
        "The person came back before the confirmation.",
    ),
    "instance_deleted": ("A instância foi apagada.", "The instance was deleted."),
}
