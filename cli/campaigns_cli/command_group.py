"""A group of commands over the API: each has the same three options and ends alike."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate

import typer

from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, KeyOption, UrlOption, connect
from campaigns_cli.session import Session

type Command[**Q] = Callable[Concatenate[Session, Q], None]


class Group(typer.Typer):
    """Commands about one thing. Its verbs take a `Session` first, which the options make."""

    def __init__(self, about: str | None = None) -> None:
        super().__init__(no_args_is_help=True, help=about)

    def verb[**P](
        self, name: str, about: str, *examples: str, panel: str | None = None
    ) -> Callable[[Command[P]], Command[P]]:
        """Adds a command whose `--help` ends with `examples`; each begins with `campaigns`."""

        def register(function: Command[P]) -> Command[P]:
            add = self.command(name, help=with_examples(about, *examples), rich_help_panel=panel)
            add(_as_command(function))
            return function

        return register


def with_examples(about: str, *examples: str) -> str:
    """A help text and the examples below it."""
    title = t("Exemplo:", "Example:") if len(examples) == 1 else t("Exemplos:", "Examples:")
    return "\n\n".join([about, title, *(f"  {example}" for example in examples)])


def _as_command(function: Callable[..., None]) -> Callable[..., None]:
    """What Typer is to call: the parameters of the function and the options of every command."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    parameters = [
        *(parameter.replace(kind=keyword) for parameter in own),
        inspect.Parameter("as_json", keyword, default=False, annotation=JsonOption),
        inspect.Parameter("url", keyword, default=None, annotation=UrlOption),
        inspect.Parameter("key", keyword, default=None, annotation=KeyOption),
    ]

    def command(*, as_json: bool, url: str | None, key: str | None, **values: Any) -> None:
        with interruptible(), connect(url, key) as api:
            function(Session(api, as_json=as_json), **values)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends a command in a word, unless the command has more to say about it."""
    try:
        yield
    except KeyboardInterrupt:
        raise CliError(t("Interrompido.", "Interrupted."), exit_code=130) from None
