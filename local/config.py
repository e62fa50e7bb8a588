"""What a start of the local stack can be told, all of it by environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.domain.server_address import AddressPolicy, AddressRefused
from campaigns_cli.language import t
from local.checked_settings import ConfigError, check_settings
from local.pool import Function
from local.process import ROOT
from local.template import TEMPLATE, Template

# Set by the stack itself: a value from outside would only break it.
_OWN_VARIABLES = frozenset(
    {
        "TABLE_NAME",
        "QUEUE_URL",
        "KMS_KEY_ID",
        "SCHEDULER_FUNCTION_NAME",
    }
)
# Evolution runs on this machine or in its network, without TLS.
_LOCAL_VALUES = {"EVOLUTION_ALLOW_PRIVATE_ADDRESSES": "true"}
_VISIBILITY_MARGIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Config:
    """The ports (0: a free one), the folder that keeps everything, and where Evolution is.

    `evolution_url` None starts the fake. `evolution_key` opens every instance of a real server;
    None: it makes none. `environment` is what the functions' settings are looked up in.
    """

    state_dir: Path = ROOT / ".local"
    api_port: int = 8000
    evolution_port: int = 8090
    evolution_url: str | None = None
    schedule_period_seconds: float = 60.0
    evolution_key: str | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    template: Path = TEMPLATE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Reads the variables; raises `ConfigError`."""
        period = environment.get("SCHEDULE_PERIOD_SECONDS", "60")
        try:
            seconds = float(period)
        except ValueError:
            seconds = 0.0
        if not seconds > 0:
            raise ConfigError(_no_seconds("SCHEDULE_PERIOD_SECONDS", period))
        check_settings({**_LOCAL_VALUES, **environment})
        return cls(
            Path(environment.get("STATE_DIR") or ".local").absolute(),
            _port(environment, "API_PORT", 8000),
            _port(environment, "EVOLUTION_PORT", 8090),
            _evolution_url(environment.get("EVOLUTION_URL") or ""),
            seconds,
            environment.get("EVOLUTION_KEY") or None,
            environment,
        )

    @property
    def log_dir(self) -> Path:
        """Where each process has its log."""
        return self.state_dir / "logs"


def changed_template(config: Config) -> Template:
    """The template, whose dispatcher may run for another time than is deployed.

    The queue's visibility goes with it: 30 s more, as the template has it.
    """
    template = Template(config.template)
    if text := config.environment.get("FUNCTION_TIMEOUT_SECONDS"):
        if not text.isdecimal():
            raise ConfigError(_no_seconds("FUNCTION_TIMEOUT_SECONDS", text))
        template.change("DispatcherFunction", "Timeout", int(text))
        template.change("JobsQueue", "VisibilityTimeout", int(text) + _VISIBILITY_MARGIN_SECONDS)
    return template


def functions(
    template: Template, environment: Mapping[str, str], endpoints: Mapping[str, str]
) -> dict[str, Function]:
    """The template's functions by logical id, with its own limits and its own environment.

    A setting that the user's `environment` has goes before the template's default.
    """
    variables = template.environment()
    chosen = {
        name: environment[name]
        for name in variables.keys() - _OWN_VARIABLES
        if environment.get(name)
    }
    layer = template.properties("CommonLayer", "ContentUri")["ContentUri"]
    return {
        logical_id: _function(
            template, logical_id, layer, {**variables, **_LOCAL_VALUES, **chosen, **endpoints}
        )
        for logical_id in ("ApiFunction", "SchedulerFunction", "DispatcherFunction")
    }


def _function(
    template: Template, logical_id: str, layer: str, environment: Mapping[str, str]
) -> Function:
    properties = template.properties(
        logical_id, "FunctionName", "Handler", "CodeUri", "Timeout", "MemorySize"
    )
    return Function(
        properties["FunctionName"],
        properties["Handler"],
        ROOT / properties["CodeUri"],
        ROOT / layer,
        float(properties["Timeout"]),
        int(properties["MemorySize"]),
        environment,
    )


def _evolution_url(url: str) -> str | None:
    try:
        return AddressPolicy(allow_private=True).check_url(url) if url else None
    except AddressRefused:
        raise ConfigError(
            t(
                f"EVOLUTION_URL não é um endereço como http://127.0.0.1:8080: {url}",
                f"EVOLUTION_URL is no address like http://127.0.0.1:8080: {url}",
            )
        ) from None


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isdecimal() and int(text) < 65536):
        raise ConfigError(
            t(f"{name} não é uma porta: {text}", f"{name} is no port: {text}"),
        )
    return int(text)


def _no_seconds(name: str, text: str) -> str:
    return t(
        f"{name} não é um número de segundos: {text}", f"{name} is no number of seconds: {text}"
    )
