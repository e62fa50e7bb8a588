"""`python -m local.first_tenant NAME` makes a tenant and prints its id and owner key as JSON.

A process of its own, because the package reads its settings from the environment, and the stack's
own environment is the user's.
"""

import json
import sys

from campaigns.bootstrap import bootstrap
from campaigns.settings import Settings


def main() -> None:
    created = bootstrap(Settings.from_environment()).create_tenant(name=sys.argv[1])
    print(json.dumps({"tenant_id": created.tenant_id, "owner_key": created.owner_key}))


if __name__ == "__main__":
    main()
