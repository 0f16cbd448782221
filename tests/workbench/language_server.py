"""A client for a language server on stdin and stdout: as much of it as completing and explaining takes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading

PATIENCE = 30
"""Seconds until a server that does not answer is given up."""


class LanguageServer:
    """A running server of one workspace; leave the context to end it."""

    def __init__(self, command, root, environment):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=root,
        )
        self.root = root
        self.inbox = queue.Queue()
        self.asked = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        folder = {"uri": root.as_uri(), "name": root.name}
        started = {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder]}
        self.ask("initialize", {**started, "capabilities": {"textDocument": {}}})
        self.tell("initialized", {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def _read(self):
        while (line := self.process.stdout.readline()).strip():
            length = int(line.partition(b":")[2])
            while self.process.stdout.readline().strip():
                pass
            body = self.process.stdout.read(length)
            if len(body) < length:
                break
            self.inbox.put(json.loads(body))
        self.inbox.put(None)

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _until(self, wanted):
        """Return the first message that is wanted; requests of the server get an empty answer."""
        while True:
            message = self.inbox.get(timeout=PATIENCE)
            assert message is not None, "the server ended"
            if wanted(message):
                return message
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})

    def tell(self, method, parameters):
        self._send({"method": method, "params": parameters})

    def ask(self, method, parameters):
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": parameters})
        answer = self._until(lambda each: each.get("id") == self.asked and "method" not in each)
        return answer["result"]

    def open(self, path, text, *, wrong=False):
        """Open a document and return what the server finds wrong with it.

        With `wrong` it waits until there is something: before that the server may not know its schemas.
        """
        told = "textDocument/publishDiagnostics"
        document = {"uri": path.as_uri(), "languageId": "toml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        found = self._until(
            lambda each: (
                each.get("method") == told
                and each["params"]["uri"] == document["uri"]
                and (each["params"]["diagnostics"] or not wrong)
            )
        )
        return found["params"]["diagnostics"]

    def at(self, method, marked):
        """Ask about the place in a text that a bar marks, in a new document of its own.

        Were it one that had been open before, what the server tells of it could be about the text before.
        """
        path = self.root / f"document_{self.asked}.toml"
        before, text = marked.partition("|")[0], marked.replace("|", "")
        self.open(path, text)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        where = {"textDocument": {"uri": path.as_uri()}, "position": place}
        return self.ask(f"textDocument/{method}", where)

    def completions(self, marked):
        """Return what may stand at the bar, each with what is told of it."""
        answer = self.at("completion", marked) or []
        items = answer["items"] if isinstance(answer, dict) else answer
        return {each["label"].strip('"'): each.get("documentation") for each in items}

    def hover(self, marked):
        """Return what is told of what stands at the bar."""
        answer = self.at("hover", marked)
        return answer["contents"]["value"] if answer else ""
