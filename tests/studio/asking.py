"""Requests to a studio, as the page and programs send them."""

import json


def send(client, path):
    """Send a file as the page does; gives the answer."""
    return client.post("/api/files", params={"name": path.name}, content=path.read_bytes())


def sent(client, path):
    """Send a file as the page does; gives what the studio says of it."""
    answer = send(client, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def run(client, kind, **asked):
    """Run a job as the page does; gives its last event, kind and content, or a status and its refusal."""
    with client.stream("POST", f"/api/jobs/{kind}", json=asked) as answer:
        if answer.status_code != 200:
            return answer.status_code, json.loads(answer.read())
        events = [json.loads(line) for line in answer.iter_lines()]
    assert list(events[0]) == ["job"]
    return next(iter(events[-1].items()))


def apply(client, path, **fields):
    """Paint a file as programs do; gives the answer."""
    with path.open("rb") as file:
        return client.post("/api/apply", files={"picture": (path.name, file)}, data={"styles": ["scream"]} | fields)
