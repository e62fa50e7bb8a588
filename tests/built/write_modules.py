"""`python -m tests.built.write_modules`: writes down which modules the built functions load."""

from tests.built.deployment import deployment
from tests.built.modules import LISTS, listing, path_of, summary
from tests.built.story import tell


def main() -> None:
    LISTS.mkdir(exist_ok=True)
    with deployment() as deployed:
        for name, reports in tell(deployed).reports.items():
            now = listing(deployed.functions[name].function, reports)
            path_of(name).write_text(now, encoding="utf-8")
            print(summary(name, reports))  # noqa: T201 - what it is run for, too


if __name__ == "__main__":
    main()
