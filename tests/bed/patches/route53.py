"""Route 53.

* A weight is from 0 to 255. MiniStack stores any number.
* Weighted and other records of one name and type do not mix, and a weighted record has one value. A writer that gets
  its set identifier wrong would be noticed by AWS, and so must be here.
"""

import copy
import re

from ministack.services import route53

from . import original

WEIGHT_MAX = 255


def apply() -> None:
    change = original(route53, "_change_resource_record_sets")

    def change_record_sets(zone: str, body: bytes):
        for weight in re.findall(rb"<Weight>(-?\d+)</Weight>", body or b""):
            if not 0 <= int(weight) <= WEIGHT_MAX:
                return route53._error_response(
                    "InvalidInput",
                    f"Value '{int(weight)}' at 'changeBatch.changes.1.member.resourceRecordSet.weight' failed to satisfy "
                    f"constraint: Member must have value less than or equal to {WEIGHT_MAX}",
                )
        # Requests are handled one after the other, so nobody sees what is taken back.
        before = copy.deepcopy(route53._records.get(zone))
        answer = change(zone, body)
        problem = answer[0] == 200 and mixed(route53._records[zone])
        if problem:
            route53._records[zone] = before
            return route53._error_response("InvalidChangeBatch", problem)
        return answer

    route53._change_resource_record_sets = change_record_sets


def mixed(records: list[dict]) -> str | None:
    """Why these records cannot stand beside one another."""
    kinds: dict[tuple[str, str], set[bool]] = {}
    for record in records:
        name = (record["Name"], record["Type"])
        weighted = record.get("Weight") is not None
        kinds.setdefault(name, set()).add(weighted)
        if len(kinds[name]) > 1:
            return f"RRSet with DNS name {name[0]}, type {name[1]} cannot be created as other RRSets exist with the same name and type"
        if weighted and not record.get("SetIdentifier"):
            return f"Missing field 'SetIdentifier' in RRSet with DNS name {name[0]}, type {name[1]}"
        if weighted and len(record.get("ResourceRecords") or []) > 1:
            return f"A weighted RRSet has one value; the one with DNS name {name[0]}, type {name[1]} has more"
    return None
