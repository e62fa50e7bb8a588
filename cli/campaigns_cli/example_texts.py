"""The texts that the product itself offers, each in both languages and in one place."""

#: A first campaign, for whoever tries the local stack.
FIRST_MESSAGE = {
    "pt-BR": "Oi {{primeiro_nome}}, chegou novidade na loja.",
    "en": "Hi {{primeiro_nome}}, there is something new at the shop.",
}
#: What `campaigns test-campaign` sends unless it is given a text.
TEST_MESSAGE = {
    "pt-BR": "Teste de envio: se você leu isto, este WhatsApp está pronto para as campanhas.",
    "en": "Test message: if you can read this, this WhatsApp is ready for campaigns.",
}
