"""Run by SAM's own Python: the processed template, as JSON, of the template on standard input."""

import json
import sys
from typing import Any

from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse


class ManagedPolicies:
    """By their ARNs alone: what they allow is not in the template, and therefore refused."""

    def load(self) -> dict[str, Any]:
        return {}


template = yaml_parse(sys.stdin.read())
validator = SamTemplateValidator(template, ManagedPolicies(), region="us-east-1")
json.dump(yaml_parse(validator.get_translated_template_if_valid()), sys.stdout)
