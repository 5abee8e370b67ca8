import infusion.coding.v1.Administration;
import infusion.coding.v1.CodeEncounterRequest;
import infusion.coding.v1.CodeEncounterResponse;
import infusion.coding.v1.CodingServiceGrpc;
import infusion.coding.v1.Container;
import infusion.coding.v1.ContainerKind;
import infusion.coding.v1.Detail;
import infusion.coding.v1.Drug;
import infusion.coding.v1.Encounter;
import infusion.coding.v1.Indication;
import infusion.coding.v1.Line;
import infusion.coding.v1.Quantity;
import infusion.coding.v1.Route;
import infusion.coding.v1.Setting;
import infusion.coding.v1.StreamCodeEncountersRequest;
import infusion.coding.v1.StreamCodeEncountersResponse;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Codes a visit, then a stream of visits, on a running infusion-coder service. */
public final class QuickStart {
    private static final int DEADLINE_SECONDS = 30;

    public static void main(String[] arguments) throws Exception {
        String server = arguments.length > 0 ? arguments[0] : "127.0.0.1:50051";
        ManagedChannel channel = ManagedChannelBuilder.forTarget(server).usePlaintext().build();
        try {
            System.out.println("one visit:");
            print(blocking(channel).codeEncounter(request("v-1")));
            System.out.println("a stream of visits, answered in order:");
            stream(channel);
            System.out.println("a visit without its date is refused:");
            refused(channel);
        } finally {
            channel.shutdownNow().awaitTermination(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static CodingServiceGrpc.CodingServiceBlockingStub blocking(ManagedChannel channel) {
        return CodingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private static void stream(ManagedChannel channel) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        StreamObserver<StreamCodeEncountersRequest> visits = CodingServiceGrpc.newStub(channel)
            .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .streamCodeEncounters(new StreamObserver<StreamCodeEncountersResponse>() {
                @Override public void onNext(StreamCodeEncountersResponse answer) {
                    System.out.println(" item " + answer.getItem().getItemNumber() + ":");
                    print(answer.getItem().getResponse());
                }

                @Override public void onError(Throwable error) {
                    System.err.println(error.getMessage());
                    done.countDown();
                }

                @Override public void onCompleted() {
                    done.countDown();
                }
            });
        for (int number = 0; number < 3; number++) {
            visits.onNext(StreamCodeEncountersRequest.newBuilder()
                .setItemNumber(number).setRequest(request("v-" + number)).build());
        }
        visits.onCompleted();
        done.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private static void refused(ManagedChannel channel) {
        CodeEncounterRequest.Builder request = request("v-1").toBuilder();
        request.getEncounterBuilder().clearServiceDate();
        try {
            blocking(channel).codeEncounter(request.build());
        } catch (StatusRuntimeException error) {
            // The details hold google.rpc.BadRequest with every field; StatusProto reads them.
            System.out.println("  " + error.getStatus().getCode() + " " + error.getStatus().getDescription());
        }
    }

    private static void print(CodeEncounterResponse answer) {
        for (Line line : answer.getLinesList()) {
            System.out.println("  " + line.getCode() + " x " + line.getUnits() + " " + String.join(" ", line.getModifiersList()));
        }
        answer.getQuestionsList().forEach(question -> System.out.println("  open: " + question.getText()));
    }

    private static CodeEncounterRequest request(String encounterId) {
        Drug rituximab = Drug.newBuilder().setHcpcsCode("J9312").setDoseAdministered(quantity("705", "mg"))
            .addContainers(vial("500", 1, "50242-0053-06")).addContainers(vial("100", 3, "50242-0051-21")).build();
        Administration infusion = Administration.newBuilder().setAdministrationId("a1").setRoute(Route.ROUTE_IV_INFUSION)
            .setAccessSite("port").setStartTime("2025-11-03T09:40").setStopTime("2025-11-03T12:15").addDrugs(rituximab).build();
        Encounter visit = Encounter.newBuilder().setEncounterId(encounterId).setSetting(Setting.SETTING_PHYSICIAN_OFFICE)
            .setPayer("medicare").setServiceDate("2025-11-03").setIndication(Indication.INDICATION_ONCOLOGY)
            .addDiagnoses("C83.30").setPrimaryReason("a1").addAdministrations(infusion).build();
        return CodeEncounterRequest.newBuilder().setEncounter(visit).setDetail(Detail.DETAIL_LINES).build();
    }

    private static Container.Builder vial(String milligrams, int count, String ndc) {
        return Container.newBuilder().setContent(quantity(milligrams, "mg")).setCount(count)
            .setKind(ContainerKind.CONTAINER_KIND_SINGLE_DOSE).setNdc(ndc);
    }

    /** Doses are decimal text, never floating point. */
    private static Quantity quantity(String value, String unit) {
        return Quantity.newBuilder().setValue(value).setUnit(unit).build();
    }
}
