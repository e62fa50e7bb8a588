"""What Typer itself says, in the user's language: headings of help, and errors of usage."""

import re

from typer import rich_utils
from typer.exceptions import TyperException

from campaigns_cli.language import t

# What Typer says, and how to say it here; what is not foreseen stays English.
_SENTENCES = (
    (r"Missing option ('.+')\.", r"Falta a opção \1."),
    (r"Missing argument ('.+')\.", r"Falta \1."),
    (r"Missing command\.", r"Falta o comando."),
    (r"No such option: (\S+)", r"A opção \1 não existe."),
    (r"No such option: (\S+) \(Possible options: (.+)\)", r"A opção \1 não existe. Seria \2?"),
    (r"No such command ('.+')\.", r"O comando \1 não existe."),
    (r"No such command ('.+')\. Did you mean (.+)\?", r"O comando \1 não existe. Seria \2?"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"Sobrou isto no comando: \1"),
    (r"Option ('.+') requires an argument\.", r"Falta o valor da opção \1."),
    (
        r"Invalid value for ('.+'): Input should be a valid integer.*",
        r"\1 precisa ser um número inteiro.",
    ),
    (
        r"Invalid value for ('.+'): Input should be greater than or equal to (\S+)",
        r"\1 precisa ser no mínimo \2.",
    ),
    (
        r"Invalid value for ('.+'): Input should be less than or equal to (\S+)",
        r"\1 precisa ser no máximo \2.",
    ),
    (
        r"Invalid value for ('.+'): Value error, ('.*') is not one of (.+)\.",
        r"\1 não pode ser \2. Pode ser: \3.",
    ),
)


def name_headings() -> None:
    """The headings and notes of `--help`."""
    rich_utils.ARGUMENTS_PANEL_TITLE = t("Argumentos", "Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = t("Opções", "Options")
    rich_utils.COMMANDS_PANEL_TITLE = t("Comandos", "Commands")
    rich_utils.DEFAULT_STRING = t("[padrão: {}]", "[default: {}]")
    rich_utils.ENVVAR_STRING = t("[variável: {}]", "[env var: {}]")
    rich_utils.REQUIRED_LONG_STRING = t("[obrigatório]", "[required]")


def usage_error(error: TyperException) -> str:
    """What is wrong with a command as it was typed, and where its help is."""
    said = error.format_message()
    sentence = t(_in_portuguese(said), said)
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "campaigns"
    return f"{sentence}\n" + t(f"Ajuda: {path} --help", f"Help: {path} --help")


def _in_portuguese(said: str) -> str:
    for pattern, sentence in _SENTENCES:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return found.expand(sentence)
    return said
