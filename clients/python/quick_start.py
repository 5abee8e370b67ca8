"""Codes a visit, then a stream of visits, on a running infusion-coder service."""

import argparse

import grpc
from infusion.coding.v1 import coding_service_pb2 as coding
from infusion.coding.v1 import coding_service_pb2_grpc as coding_grpc
from infusion.coding.v1 import common_pb2 as common
from infusion.coding.v1 import encounter_pb2 as visit


def quantity(value, unit):
    # Doses are decimal text, never floating point.
    return common.Quantity(value=value, unit=unit)


def rituximab_visit(encounter_id):
    vial = visit.Container(content=quantity("500", "mg"), count=1, kind=common.CONTAINER_KIND_SINGLE_DOSE, ndc="50242-0053-06")
    small_vial = visit.Container(content=quantity("100", "mg"), count=3, kind=common.CONTAINER_KIND_SINGLE_DOSE, ndc="50242-0051-21")
    infusion = visit.Administration(
        administration_id="a1", route=common.ROUTE_IV_INFUSION, access_site="port",
        start_time="2025-11-03T09:40", stop_time="2025-11-03T12:15",
        drugs=[visit.Drug(hcpcs_code="J9312", dose_administered=quantity("705", "mg"), containers=[vial, small_vial])])
    return visit.Encounter(
        encounter_id=encounter_id, setting=common.SETTING_PHYSICIAN_OFFICE, payer="medicare", service_date="2025-11-03",
        indication=visit.INDICATION_ONCOLOGY, diagnoses=["C83.30"], primary_reason="a1", administrations=[infusion])


def print_answer(answer):
    for line in answer.lines:
        print(f"  {line.code} x {line.units} {' '.join(line.modifiers)}")
    for question in answer.questions:
        print("  open:", question.text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--server", default="127.0.0.1:50051")
    arguments.add_argument("--show", action="store_true", help="print the request and call nobody")
    given = arguments.parse_args()
    request = coding.CodeEncounterRequest(encounter=rituximab_visit("v-1"), detail=common.DETAIL_LINES)
    if given.show:
        print(request)
        return

    with grpc.insecure_channel(given.server) as channel:
        service = coding_grpc.CodingServiceStub(channel)
        print("one visit:")
        print_answer(service.CodeEncounter(request, timeout=10))

        print("a stream of visits, answered in order:")
        items = (coding.StreamCodeEncountersRequest(
            item_number=number, request=coding.CodeEncounterRequest(encounter=rituximab_visit(f"v-{number}"),
                                                                   detail=common.DETAIL_LINES)) for number in range(3))
        for answer in service.StreamCodeEncounters(items, timeout=10):
            print(f" item {answer.item.item_number}:")
            print_answer(answer.item.response)

        print("a visit without its date is refused:")
        request.encounter.service_date = ""
        try:
            service.CodeEncounter(request, timeout=10)
        except grpc.RpcError as error:
            print(" ", error.code().name, error.details())


if __name__ == "__main__":
    main()
