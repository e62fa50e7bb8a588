"""An instance from nothing on the local stack: made, scanned at the fake's side, used, deleted."""

from pathlib import Path

import httpx
import pytest

from tests.e2e.test_local_run import running

pytestmark = pytest.mark.stack


def test_a_number_is_made_scanned_and_deleted_on_one_machine(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack, stack.api() as api:
        wanted = {"name": "Filial", "create_on_server": True}
        instance = api.post("/api/instances/", wanted)
        path, name = f"/api/instances/{instance['id']}/", instance["evolution_instance"]
        shown = api.get(path + "qrcode/", {"phone": "(11) 99000-7777"})
        assert shown["code"]
        assert len(shown["pairing_code"]) == 8
        fake = stack.stack["evolution_url"] + "/_fake"
        page = httpx.get(fake + "/page.js").text
        assert "Escanear com este celular" in page
        waiting = {
            each["name"]: each for each in httpx.get(fake + "/instances").json()["instances"]
        }
        assert waiting[name]["pairing"]["pairing_code"] == shown["pairing_code"]

        scan = httpx.post(f"{fake}/instances/{name}/scan", json={"phone": "11 99000-7777"})
        assert scan.status_code == 200
        assert api.get(path + "qrcode/")["connected"] is True
        assert api.get(path)["connected_phone"] == "+5511990007777"
        assert api.get(path + "availability/")["available"] is True

        assert api.post(path + "disconnect/")["connected_phone"] is None
        api.delete(path)
        names = [each["name"] for each in httpx.get(fake + "/instances").json()["instances"]]
        assert name not in names
