"""Asks an OCSP responder about serial numbers with the `cryptography` package, checks each answer and prints
`serial status` lines.

ocsp_client.py URL ISSUER.pem FIRST COUNT STEP
"""

import http.client
import os
import sys
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import ocsp


def digest(algorithm, octets):
    hash_of = hashes.Hash(algorithm)
    hash_of.update(octets)
    return hash_of.finalize()


url, issuer_file = sys.argv[1:3]
first, count, step = map(int, sys.argv[3:])
with open(issuer_file, "rb") as file:
    issuer = x509.load_pem_x509_certificate(file.read())
name = issuer.subject.public_bytes()
public = issuer.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.PKCS1
)
checked = set()
connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)
for serial in range(first, first + count * step, step):
    algorithm = hashes.SHA1() if serial % 2 else hashes.SHA256()
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        digest(algorithm, name), digest(algorithm, public), serial, algorithm
    )
    nonce = x509.OCSPNonce(os.urandom(32)) if serial % 3 else None
    if nonce:
        builder = builder.add_extension(nonce, critical=False)
    body = builder.build().public_bytes(serialization.Encoding.DER)
    connection.request("POST", "/", body, {"Content-Type": "application/ocsp-request"})
    answer = ocsp.load_der_ocsp_response(connection.getresponse().read())
    assert answer.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL, answer.response_status
    assert answer.serial_number == serial
    assert answer.issuer_key_hash == digest(algorithm, public)
    found = [extension.value for extension in answer.extensions]
    assert found == ([nonce] if nonce else []), found
    responder = answer.certificates[0]
    if responder.fingerprint(hashes.SHA256()) not in checked:
        responder.verify_directly_issued_by(issuer)
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert x509.ExtendedKeyUsageOID.OCSP_SIGNING in usage
        checked.add(responder.fingerprint(hashes.SHA256()))
    responder.public_key().verify(
        answer.signature,
        answer.tbs_response_bytes,
        padding.PKCS1v15(),
        answer.signature_hash_algorithm,
    )
    print(serial, answer.certificate_status.name)
