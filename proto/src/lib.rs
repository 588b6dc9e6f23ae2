//! The gRPC contracts of Akashi: messages, clients and servers generated from `akashi/*/v1/*.proto`.
//!
//! The `.proto` files are the documentation; each field there says what it takes and gives.
/// `akashi.revocation.v1`: revocation status by issuer key and serial number.
pub mod revocation {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("akashi.revocation.v1");
    }
}

/// `akashi.signing.v1`: validity of signing certificates, for administrative agencies.
pub mod signing {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("akashi.signing.v1");
    }
}

/// `akashi.verification.v1`: signatures by user-authentication certificates.
pub mod verification {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("akashi.verification.v1");
    }
}

/// The encoded `FileDescriptorSet` of all three packages, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
