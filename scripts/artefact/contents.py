"""What belongs into the layer beside the modules that its functions import, and why.

Whatever a package brings that is named here nowhere stops the build, so that somebody looks at it;
so does whatever is named here and is no longer there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Contents:
    """What the source alone does not tell. Patterns are those of a shell, and `*` takes `/` too.

    - `imported_by_name`: for each module that imports by a name made at run time, patterns of the
      modules that it may import so; the standard library's are named too where they import from
      the layer. What such a module tells type checkers counts as well.
    - `loaded_alone`: the same for modules that are loaded as a file, without the packages above.
    - `metadata_of`: for each module that asks for metadata of installed packages, those that it may
      need there.
    - `left_out`: packages that are imported somewhere and are not shipped all the same, and why.
    - `data`: files that are no modules and are read at run time; `not_read`: all the others.
      `never` is left out even where `data` names it.
    """

    imported_by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loaded_alone: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """Patterns of the files that are read: data, and the metadata that is asked for."""
        asked = {package for packages in self.metadata_of.values() for package in packages}
        return (*self.data, *(f"{package}-*.dist-info/METADATA" for package in sorted(asked)))


LAYER: Final = Contents(
    imported_by_name={
        "zoneinfo": ("tzdata.zoneinfo", "tzdata.zoneinfo.*"),
        "pydantic": (),
        # Fields of the type ImportString; there is none.
        "pydantic._internal._validators": (),
        "phonenumbers.data": ("phonenumbers.data.region_*",),
        # Short numbers such as 190 are no phones of contacts.
        "phonenumbers.shortdata": (),
        # Countries: only the one below is asked for.
        "holidays.registry": (),
        "campaigns.domain.holiday_calendar": (),
        # The X-Ray SDK.
        "aws_lambda_powertools.shared.lazy_import": (),
        # Files of an application whose descriptions are put together on its developer's machine.
        "aws_lambda_powertools.event_handler.openapi.merge": (),
        # Settings of one's own, in a file that the environment names.
        "pynamodb.settings": (),
        # What S3, EC2 and DynamoDB have beside their clients' own; no function asks for it.
        "boto3.utils": (),
        # Plugins that the AWS command line's configuration file names.
        "botocore.plugin": (),
        # Names of the standard library.
        "botocore.vendored.six": (),
        "six": (),
        # Its parts by attribute; who uses one here imports it.
        "dateutil": (),
    },
    loaded_alone={"campaigns.domain.holiday_calendar": ("holidays.countries.brazil",)},
    metadata_of={
        # Its own version, at import.
        "holidays.version": ("holidays",),
        # Of email-validator, of pydantic's plugins and of h2: there are none.
        "pydantic.networks": (),
        "pydantic.plugin._loader": (),
        "urllib3.http2": (),
        # For the text of an error report.
        "pydantic.version": (),
    },
    left_out={
        "anyio": "httpcore's asynchronous half, which goes without where it is missing",
        "dateutil.zoneinfo": "for machines without time zones that ask dateutil; ours are tzdata's",
        "pydantic.v1": "only for models that were written for pydantic 1",
    },
    data=(
        "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui-bundle.min.js",
        "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui.min.css",
        "botocore/data/_retry.json",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        "botocore/data/dynamodb/2012-08-10/*",
        "botocore/data/kms/2014-11-01/*",
        "botocore/data/lambda/2015-03-31/*",
        "botocore/data/sqs/2012-11-05/*",
        "botocore/data/ssm/2014-11-06/*",
        "certifi/cacert.pem",
        "holidays/locale/pt_BR/LC_MESSAGES/BR.mo",
        "tzdata/zoneinfo/*",
        "tzdata/zones",
        # No function reads it: it tells a scanner, and whoever looks, what is inside.
        "requirements.txt",
    ),
    never=("botocore/data/*/examples-1.json",),
    not_read=(
        "bin/*",
        # Resources, of which none is made, and what its documentation is made of.
        "boto3/data/*",
        "boto3/examples/*",
        # For where certifi is missing.
        "botocore/cacert.pem",
        "botocore/data/*",
        "dateutil/zoneinfo/*",
        "holidays/locale/*",
        "urllib3/contrib/emscripten/*",
        "*.dist-info/*",
        "*.pyi",
        "*/py.typed",
    ),
)
