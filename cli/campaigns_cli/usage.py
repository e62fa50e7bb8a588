"""What Typer itself says, in the user's language: the furniture of help, and errors of usage."""

import re
from collections.abc import Callable
from typing import Any

import typer
from typer import rich_utils
from typer.exceptions import TyperException

from campaigns_cli.language import t

# What Typer says, and how to say it here; without a second sentence its English is good. What is
# not foreseen stays as it is.
_SENTENCES = (
    (r"Missing option ('.+')\.", r"Falta a opção \1.", None),
    (r"Missing argument ('.+')\.", r"Falta \1.", None),
    (
        r"Missing argument ('.+')\. Choose from:\s+(.+)",
        r"Falta \1. Pode ser: \2",
        r"Missing argument \1. It may be: \2",
    ),
    (r"Missing command\.", r"Falta o comando.", None),
    (r"No such option: (\S+)", r"A opção \1 não existe.", None),
    (
        r"No such option: (\S+) \(Possible options: (.+)\)",
        r"A opção \1 não existe. Seria \2?",
        None,
    ),
    (r"No such command ('.+')\.", r"O comando \1 não existe.", None),
    (r"No such command ('.+')\. Did you mean (.+)\?", r"O comando \1 não existe. Seria \2?", None),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"Sobrou isto no comando: \1", None),
    (r"Option ('.+') requires an argument\.", r"Falta o valor da opção \1.", None),
    (
        r"Invalid value for ('.+'): Input should be a valid integer.*",
        r"\1 precisa ser um número inteiro.",
        r"\1 must be a whole number.",
    ),
    (
        r"Invalid value for ('.+'): Input should be a valid number.*",
        r"\1 precisa ser um número.",
        r"\1 must be a number.",
    ),
    (
        r"Invalid value for ('.+'): Input should be greater than or equal to (\S+)",
        r"\1 precisa ser no mínimo \2.",
        r"\1 must be \2 at least.",
    ),
    (
        r"Invalid value for ('.+'): Input should be less than or equal to (\S+)",
        r"\1 precisa ser no máximo \2.",
        r"\1 must be \2 at most.",
    ),
    (
        r"Invalid value for ('.+'): Value error, ('.*') is not one of (.+)\.",
        r"\1 não pode ser \2. Pode ser: \3.",
        r"\1 cannot be \2. It may be: \3.",
    ),
)


# The words for what to type, which every command writes in English.
_METAVARS = {
    "NAME": t("NOME", "NAME"),
    "NAME=VALUE": t("NOME=VALOR", "NAME=VALUE"),
    "FILE": t("ARQUIVO", "FILE"),
    "FILE.png": t("ARQUIVO.png", "FILE.png"),
    "PHONE": t("TELEFONE", "PHONE"),
    "KEY": t("CHAVE", "KEY"),
    "SECONDS": t("SEGUNDOS", "SECONDS"),
    "TENANT": t("EMPRESA", "TENANT"),
}


def speak_users_language(program: Any) -> None:
    """The headings, notes and options of every `--help` that Typer words by itself.

    `program` is what Typer made of the commands. `-h` asks for help too.
    """
    rich_utils.ARGUMENTS_PANEL_TITLE = t("Argumentos", "Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = t("Opções", "Options")
    rich_utils.COMMANDS_PANEL_TITLE = t("Comandos", "Commands")
    rich_utils.DEFAULT_STRING = t("[padrão: {}]", "[default: {}]")
    rich_utils.ENVVAR_STRING = t("[variável: {}]", "[env var: {}]")
    rich_utils.REQUIRED_LONG_STRING = t("[obrigatório]", "[required]")
    about = {
        "install_completion": t(
            "Instala o preenchimento com Tab neste terminal.",
            "Installs completion with Tab for this shell.",
        ),
        "show_completion": t(
            "Mostra o que --install-completion instalaria.",
            "Shows what --install-completion would install.",
        ),
    }
    for option in program.params:
        option.help = about.get(option.name, option.help)
    _word(program)


def _word(command: Any) -> None:
    command.options_metavar = t("[OPÇÕES]", "[OPTIONS]")
    command.get_usage = _usage(command.get_usage)
    # The option is made here once, so that its words can be changed.
    context = typer.Context(command, help_option_names=["-h", "--help"])
    asking = command.get_help_option(context)
    asking.help = t("Mostra esta ajuda.", "Shows this help.")
    for parameter in (*command.params, asking):
        parameter.metavar = _kind_of_value(parameter)
        if parameter.param_type_name == "argument":
            # Its name says what it is; that it is a string helps nobody.
            parameter.display_type_rich = _nothing
    if hasattr(command, "commands"):
        command.subcommand_metavar = t("COMANDO [ARGUMENTOS]...", "COMMAND [ARGUMENTS]...")
        for nested in command.commands.values():
            _word(nested)


def _usage(usage: Callable[[typer.Context], str]) -> Callable[[typer.Context], str]:
    return lambda context: usage(context).replace("Usage: ", t("Uso: ", "Usage: "), 1)


def _nothing(ctx: typer.Context) -> None:
    """No type beside an argument."""


def _kind_of_value(parameter: Any) -> str | None:
    """What to type: nothing after a switch, and choices show themselves."""
    if parameter.metavar is not None:
        return str(_METAVARS.get(parameter.metavar, parameter.metavar))
    if parameter.param_type_name == "argument":
        return None
    if parameter.is_flag:
        return ""
    text, number = t("TEXTO", "TEXT"), "N"
    kinds: dict[Any, str] = {str: text, list[str]: text, int: number, float: number}
    return kinds.get(parameter.type_descriptor.annotation)


def usage_error(error: TyperException) -> str:
    """What is wrong with a command as it was typed, and where its help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "campaigns"
    return f"{_worded(error.format_message())}\n" + t(
        f"Ajuda: {path} --help", f"Help: {path} --help"
    )


def _worded(said: str) -> str:
    said = re.sub(r",\n\s+", ", ", said)
    for pattern, portuguese, english in _SENTENCES:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return found.expand(t(portuguese, english or said.replace("\\", r"\\")))
    return said
