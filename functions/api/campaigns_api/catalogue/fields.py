"""What is wrong with a field, by the key of its sentence."""

from typing import Final

FIELDS: Final = {
    "invalid": ("Valor inválido.", "Not valid."),
    "required": ("Obrigatório.", "Required."),
    "unknown_field": ("Campo desconhecido.", "Unknown field."),
    "unknown_parameter": ("Parâmetro desconhecido.", "Unknown parameter."),
    "read_only_field": (
        "Não pode ser alterado aqui. Deixe fora, ou mande de volta como foi lido.",
        "Cannot be changed here. Leave it out, or send it back as it was read.",
    ),
    "unknown_reference": (
        "Há ids que não existem entre os seus.",
        "Some ids do not exist among yours.",
    ),
    "too_many_filters": ("Use um filtro por vez.", "Use one filter at a time."),
    "invalid_cursor": ("O cursor não vale para esta lista.", "Not a cursor of this list."),
    "invalid_json": ("O conteúdo não é JSON.", "The body is not JSON."),
    "not_an_object": ("O conteúdo deve ser um objeto JSON.", "The body must be a JSON object."),
    "invalid_type": ("Tipo inválido.", "Wrong type."),
    "invalid_choice": ("Valores aceitos: {choices}.", "Accepted values: {choices}."),
    "invalid_format": ("Formato inválido.", "Wrong format."),
    "invalid_text": (
        "O texto tem caracteres inválidos.",
        "The text holds characters that are not valid.",
    ),
    "invalid_moment": (
        "Use data e hora ISO 8601 com fuso, como 2026-12-01T12:00:00Z.",
        "Use an ISO 8601 date and time with an offset, like 2026-12-01T12:00:00Z.",
    ),
    "invalid_date": ("Use AAAA-MM-DD.", "Use YYYY-MM-DD."),
    "invalid_key": (
        "Use de 1 a 255 caracteres ASCII visíveis.",
        "Use 1 to 255 visible ASCII characters.",
    ),
    "out_of_range": ("Use um valor de {low} a {high}.", "Use a value from {low} to {high}."),
    "too_short": ("Mínimo de caracteres: {limit}.", "Least number of characters: {limit}."),
    "too_long": ("Use no máximo {limit} caracteres.", "Use {limit} characters at most."),
    "too_few": ("Mínimo de itens: {limit}.", "Least number of items: {limit}."),
    "too_many": ("Use no máximo {limit} itens.", "Give {limit} items at most."),
    "text_too_long": (
        "Depois de preenchido, o texto passa de {limit} caracteres.",
        "Filled in, the text is over {limit} characters.",
    ),
    "missing_values": (
        "Sem valor para: {variables}. Informe um contato que tenha valor, ou use um padrão, como em"
        " {{{{nome|amigo}}}}.",
        "No value for: {variables}. Give a contact that has one, or a default, as in"
        " {{{{nome|friend}}}}.",
    ),
    "unknown_timezone": (
        "Fuso horário desconhecido. Use um nome IANA, como America/Sao_Paulo.",
        "Unknown time zone. Use an IANA name, such as America/Sao_Paulo.",
    ),
    "invalid_time": ("Use HH:MM, como 09:00.", "Use HH:MM, such as 09:00."),
    "end_not_after_start": (
        "O fim deve vir depois do início.",
        "The end must come after the start.",
    ),
    "windows_missing": (
        "Informe ao menos uma janela de envio.",
        "Give at least one sending window.",
    ),
    "too_many_windows": ("Informe no máximo duas janelas.", "Give two windows at most."),
    "windows_overlap": (
        "As janelas se sobrepõem: a segunda começa antes do fim da primeira.",
        "The windows overlap: the second one begins before the first ends.",
    ),
    "quiet_hours_empty": (
        "Início e fim do silêncio não podem ser iguais.",
        "Quiet hours cannot start and end at the same time.",
    ),
    "duplicate_risk_not_accepted": (
        "Reenviar pode fazer a mensagem chegar duas vezes: confirme com true.",
        "To send it again may bring the message twice: accept that with true.",
    ),
    "not_with_contact": (
        "Informe o contato ou descarte, não os dois.",
        "Give the contact or dismiss it, not both.",
    ),
    "invalid_email": ("E-mail inválido.", "Not an e-mail address."),
    "delay_order": (
        "O atraso mínimo não pode passar do máximo.",
        "The minimum delay cannot be over the maximum.",
    ),
    "delay_less_than_min": (
        "O atraso máximo não pode ser menor que o mínimo.",
        "The maximum delay cannot be under the minimum.",
    ),
    "not_with_create_on_server": (
        "Não se informa ao criar no servidor da instalação (create_on_server).",
        "Not given where the instance is made on the deployment's server (create_on_server).",
    ),
    "key_refused": ("O servidor recusou esta chave.", "The server refused this key."),
    "key_wanted_again": (
        "Outro servidor: informe a chave de novo.",
        "Another server: give the key again.",
    ),
    "invalid_api_key": (
        "Use caracteres ASCII visíveis, sem espaços.",
        "Use visible ASCII characters, without spaces.",
    ),
    "invalid_name": (
        "O nome tem caracteres que não cabem em um endereço.",
        "The name holds characters that fit into no address.",
    ),
    "unknown_instance": (
        "O servidor não tem uma instância com este nome.",
        "The server has no instance of that name.",
    ),
    "not_evolution": (
        "Neste endereço não responde um servidor Evolution.",
        "No Evolution server answers at this address.",
    ),
    "unsupported_version": (
        "A versão {version} do Evolution não serve; use a 2.3 ou mais nova.",
        "Evolution {version} will not do; use 2.3 or later.",
    ),
    "invalid_url": ("Endereço inválido.", "Not an address."),
    "https_required": (
        "O endereço precisa começar com https.",
        "The address must begin with https.",
    ),
    "host_not_allowed": (
        "Este servidor não está entre os permitidos. Fale com quem mantém a instalação.",
        "This server is not among those allowed. Ask whoever runs the deployment.",
    ),
    "private_address": (
        "O servidor está em uma rede privada.",
        "The server lies in a private network.",
    ),
    "host_unknown": ("Este servidor não foi encontrado.", "This server was not found."),
    "blank": ("Não pode ficar em branco.", "Cannot be blank."),
    "repeated": ("Já está na lista.", "It is in the list already."),
    "unknown_locale": ("Idioma desconhecido.", "Unknown language."),
    "contact_exists": (
        "Já existe um contato com este telefone.",
        "There is a contact with this phone already.",
    ),
    "too_many_groups": (
        "Um contato participa de no máximo {limit} grupos.",
        "A contact is in {limit} groups at most.",
    ),
    "phone_missing": ("Falta o telefone.", "The phone is missing."),
    "phone_scientific_notation": (
        "O telefone virou notação científica na planilha; formate a coluna como texto.",
        "The spreadsheet made scientific notation of the phone; format the column as text.",
    ),
    "phone_several": ("Há mais de um telefone.", "There is more than one phone."),
    "phone_has_letters": ("O telefone tem letras.", "The phone holds letters."),
    "phone_too_short": ("O telefone tem dígitos de menos.", "The phone has too few digits."),
    "phone_too_long": ("O telefone tem dígitos demais.", "The phone has too many digits."),
    "phone_no_area_code": ("Falta o DDD.", "The area code is missing."),
    "phone_bad_area_code": ("DDD inexistente.", "There is no such area code."),
    "phone_bad_country_code": ("Código de país inexistente.", "There is no such country code."),
    "phone_invalid": ("Telefone inválido.", "Not a phone."),
    "custom_vars.too_many": ("Use no máximo {limit} variáveis.", "Give {limit} variables at most."),
    "custom_vars.invalid_name": (
        "O nome da variável está vazio, é longo demais ou tem chaves.",
        "The variable's name is empty, too long or holds braces.",
    ),
    "custom_vars.shadows_built_in": (
        "{variable} já é uma variável do sistema.",
        "{variable} is a variable of the system.",
    ),
    "custom_vars.repeated_name": (
        "Há outra variável com este nome.",
        "Another variable has this name.",
    ),
    "custom_vars.too_long": (
        "Use no máximo {limit} caracteres.",
        "Use {limit} characters at most.",
    ),
}
