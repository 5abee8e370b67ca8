//! What replicas and imports read: a release, a shipment of several and its pointer.
//!
//! A digest that matches is put behind the bytes, since no fuzzer would find one. The first byte picks the form.
#![no_main]

use infusion_coder::catalog::release::Bundle;
use infusion_coder::updater::replica::shipment::{Pointer, Shipment};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, body)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => drop(std::hint::black_box(Bundle::verify(body.to_vec()))),
        1 => {
            let bundle = Bundle::verify(sealed(body)).expect("the digest matches");
            if let Ok(release) = bundle.read() {
                let again =
                    Bundle::verify(Bundle::write(&release).bytes().to_vec()).expect("what was written");
                assert_eq!(again.read(), Ok(release));
            }
        }
        2 => {
            let shipment = Shipment::verify(sealed(body)).expect("the digest matches");
            std::hint::black_box((shipment.pointer().ok(), shipment.releases().ok()));
        }
        _ => drop(std::hint::black_box(serde_json::from_slice::<Pointer>(body))),
    }
});

/// The bytes as lines, with the line of their digest.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    bytes.push(b'\n');
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.extend(format!("{{\"sha256\":\"{digest}\"}}\n").bytes());
    bytes
}
