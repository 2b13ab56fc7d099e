"""PagerDuty's own client against an account: every answer has to be what that client makes of the real service."""

import ssl
import sys

from pagerduty import HttpError, RestApiV2Client

url, authority, reader, writer = sys.argv[1:]


def client(key):
    trusted = ssl.create_default_context(cafile=authority)
    return RestApiV2Client(key, base_url=url, verify=trusted)


def refused(status, call):
    try:
        call()
    except HttpError as error:
        assert error.response.status_code == status, error.response.text
    else:
        raise AssertionError(f"it was not refused with {status}")


reading, writing = client(reader), client(writer)
at = {"since": "2026-11-24T10:00:00Z", "until": "2026-11-24T10:00:00Z"}

# Pages of 100 and of 25.
assert len(reading.list_all("users")) == 153
assert reading.get_total("users") == 153
assert len(list(reading.iter_all("users", page_size=25))) == 153
assert reading.find("users", "bob@example.com", attribute="email")["id"] == "PBOB"
assert reading.rget("/users/PALICE")["email"] == "alice@example.com"
assert reading.rget("/schedules/PSHOP")["id"] == "PSHOP"
assert reading.rget("/escalation_policies/ECORE")["id"] == "ECORE"

on_call = reading.list_all("oncalls", params={"user_ids[]": ["PALICE"], **at})
assert [entry["escalation_level"] for entry in on_call] == [1], on_call
assert on_call[0]["end"] == "2026-11-24T16:00:00Z"
assert reading.list_all("oncalls", params={"schedule_ids[]": ["PSHOP"], "user_ids[]": ["PCAROL"], **at}) == []

span = {"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T11:00:00Z"}
override = {**span, "user": {"id": "PBOB", "type": "user_reference"}}
refused(403, lambda: reading.rpost("/schedules/PSHOP/overrides", json=[override]))
made = writing.rpost("/schedules/PSHOP/overrides", json=[override])
assert made[0]["override"]["user"]["id"] == "PBOB", made
assert len(reading.rget("/schedules/PSHOP/overrides", params=at)) == 1
assert reading.list_all("oncalls", params={"user_ids[]": ["PALICE"], **at}) == []

assert reading.list_all("incidents", params={"statuses[]": ["triggered"]}) == []
refused(404, lambda: reading.rget("/schedules/PNONE"))
refused(400, lambda: reading.rget("/schedules/PSHOP/overrides"))
refused(400, lambda: reading.jget("/users", params={"offset": 9950, "limit": 100}))
refused(400, lambda: reading.jget("/oncalls", params={"since": "2026-01-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"}))
refused(401, lambda: client("wrong").rget("/schedules/PSHOP"))
version = {"Accept": "application/vnd.pagerduty+json;version=1"}
assert reading.get("/users", headers=version).status_code == 406
