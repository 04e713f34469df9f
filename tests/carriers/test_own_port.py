"""The port of a kernel without a Jupyter server: it proves to a page whose it is, and views tell only their pages."""

import json
import urllib.error
import urllib.request

import pytest
from support.stage import KeepingCarrier

from nbsocket.carriers.listen import OF_A_NOTEBOOK, Listening
from nbsocket.carriers.local import LocalCarrier
from nbsocket.link.proof import port_proof

NONCE = bytes(range(32))


@pytest.fixture
def carrier():
    opened = LocalCarrier(OF_A_NOTEBOOK, "a notebook")
    yield opened
    opened.close()


def ask(carrier, query, **headers):
    request = urllib.request.Request(f"{carrier.url}nbsocket/proof{query}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


@pytest.mark.threat(42)
def test_who_has_the_key_can_check_that_it_is_the_kernels(carrier):
    status, said = ask(carrier, f"?nonce={NONCE.hex()}", Origin="http://localhost:2718")
    assert (status, said) == (200, {"proof": port_proof(carrier.port_key, NONCE).hex()})
    assert carrier.port_key.hex() not in json.dumps(said)
    other = LocalCarrier(OF_A_NOTEBOOK, "another notebook")
    try:
        assert ask(other, f"?nonce={NONCE.hex()}")[1] != said
    finally:
        other.close()


@pytest.mark.threat(42)
@pytest.mark.parametrize(
    "query", ["", "?nonce=", "?nonce=00", f"?nonce={'00' * 33}", "?nonce=zz", "?nonce=%ff"]
)
def test_there_is_no_proof_without_a_nonce(carrier, query):
    assert ask(carrier, query) == (400, None)


@pytest.mark.threat(42)
@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_foreign_page_gets_none(carrier, headers):
    assert ask(carrier, f"?nonce={NONCE.hex()}", **headers) == (403, None)


@pytest.mark.threat(42)
def test_a_port_for_everybody_proves_nothing():
    carrier = LocalCarrier(Listening(port=0), "a program")
    try:
        assert carrier.port_key == b""
        assert ask(carrier, f"?nonce={NONCE.hex()}")[0] == 404
    finally:
        carrier.close()


def test_a_carrier_without_a_port_has_no_key():
    assert KeepingCarrier().port_key == b""
