# A program with a client that openapi-python-client made of the service's own document.
import json
import sys

from quota_client import AuthenticatedClient
from quota_client.api.admin import create_rule, read_rule
from quota_client.api.check import check, check_batch
from quota_client.api.usage import usage
from quota_client.models import Batch, Check, Limit, Problem, Rule, RuleLimit, Subject, UndecidedCheck
from quota_client.models import WindowSpec, WindowUnit

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])


def subject(**attributes):
    return Subject.from_dict(attributes)


def one(**attributes):
    return Check(resource="python", subject=subject(**attributes))


def used(limits: list[Limit]):
    return [limit.used for limit in limits]


rule = Rule(
    id="python",
    resource="python",
    per=["user", "grade"],
    limits=[
        RuleLimit(window=WindowUnit.DAY, max_=1),
        RuleLimit(window=WindowSpec(unit=WindowUnit.HOUR, every=5), meter="tokens", max_=100),
    ],
)
written = create_rule.sync(client=client, body=rule)
allowed = check.sync(client=client, body=one(user="u1", grade="3"))
refused = check.sync(client=client, body=one(user="u1", grade="3"))
counted = usage.sync(client=client, resource="python", subject=subject(user="u1", grade="3"))
batch = check_batch.sync(
    client=client, body=Batch(checks=[one(user="u1", grade="3"), one(user="u2", grade="3")])
)
wrong = check.sync_detailed(client=client, body=one(user="u1"))
unknown = read_rule.sync_detailed("none", client=client)
assert isinstance(wrong.parsed, Problem) and isinstance(unknown.parsed, Problem)

print(
    json.dumps(
        {
            "written": written.rule.id,
            "allowed": allowed.allowed,
            "refused": [refused.allowed, refused.reason, refused.limits[0].exceeded],
            "usage": used(counted.limits),
            "windows": [
                it.window.every if isinstance(it.window, WindowSpec) else it.window for it in counted.limits
            ],
            "batch": [
                it.error.code if isinstance(it, UndecidedCheck) else it.allowed for it in batch.decisions
            ],
            "wrong": [wrong.status_code, wrong.parsed.code, [it.path for it in wrong.parsed.errors]],
            "unknown": [unknown.status_code, unknown.parsed.code],
        }
    )
)
