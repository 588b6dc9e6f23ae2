//! Compiles the .proto files with protox (no protoc needed) and keeps the descriptors for reflection.

use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 3] = [
    "akashi/revocation/v1/revocation.proto",
    "akashi/verification/v1/verification.proto",
    "akashi/signing/v1/signing.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    // A server of one method, such as a test's, need not write the others: they answer UNIMPLEMENTED.
    tonic_prost_build::configure()
        .generate_default_stubs(true)
        // Nearly every answer is by a complete list, and they are moved a quarter of a million times a second.
        .boxed(".akashi.revocation.v1.GetRevocationStatusResponse.ocsp")
        .boxed(".akashi.revocation.v1.ListEvidence.delta")
        .compile_fds(descriptors)?;
    Ok(())
}
