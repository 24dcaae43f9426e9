"""Prints as JSON what CloudFormation is given for a SAM template.

    python3 infra/deploy/translate.py <template.yaml
"""
import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

template = yaml_parse(sys.stdin.read())
for resource in template["Resources"].values():
    # What "sam package" puts into a bucket has its address there.
    for name in ("CodeUri", "DefinitionUri"):
        if name in resource.get("Properties", {}):
            resource["Properties"][name] = "s3://bucket/key"
print(json.dumps(transform(template, {}, lambda: {})))
