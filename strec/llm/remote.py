"""Prompts to words, by a server that speaks OpenAI's protocol: Ollama, vLLM, llama.cpp and others.

Nothing is sent unless a person has given the address. What would be sent can be looked at first
(`RemoteWriter.payload`).
"""

import hashlib
import http.client
import ipaddress
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from strec.errors import ModelError
from strec.llm.writer import cut

#: Environment variables: the addresses that may be asked, and the key of the one that is.
ADDRESSES, KEY = "STREC_LLM_ADDRESSES", "STREC_LLM_KEY"
#: An answer of a few sentences is far smaller.
_MOST_BYTES = 1_000_000


class RemoteWriter:
    """Let a server answer prompts, with the same `generate` as `Writer`.

    The caller replaces ids of people by pseudonyms before they get here.

    Parameters
    ----------
    url : str
        Base address of the interface, for instance ``http://localhost:11434/v1`` (Ollama).
    model : str
        The model's name on that server.
    key : str, optional
        Sent as a bearer token; only over https, or to this machine.
    timeout_s : float
        How long to wait for an answer.
    addresses : sequence of str, optional
        On a server: the only base addresses that may be asked. One whose name has a dot must lead
        out of private networks when it is connected to. Without the list, any may be asked.

    Raises
    ------
    ModelError
        If the address is not one of http or https, is not in the list, or a key would travel
        unprotected.

    Examples
    --------
    >>> writer = RemoteWriter("http://localhost:11434/v1", "llama3.2")
    >>> writer.payload("Say why.", max_new_tokens=40)["messages"]
    [{'role': 'user', 'content': 'Say why.'}]
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        timeout_s: float = 20.0,
        addresses: Sequence[str] | None = None,
    ):
        self.url = _checked(url, key)
        is_listed = addresses is not None
        if is_listed and self.url not in {each.strip().rstrip("/") for each in addresses}:
            raise ModelError(
                "An address that the operator of this server allows is needed.",
                f"one that is not allowed: {self.url[:100]!r}.",
                f"Choose one of {', '.join(addresses)}."
                if addresses
                else "On your own computer, "
                "`strec app` allows every address; here the operator sets STREC_LLM_ADDRESSES.",
            )
        self._opener = _opener(self.url, is_listed)
        self.model = model
        self.timeout_s = timeout_s
        self._key = key

    @property
    def fingerprint(self) -> str:
        """Writers with the same fingerprint ask the same model."""
        return hashlib.sha256(f"{self.url}\n{self.model}".encode()).hexdigest()[:16]

    def payload(
        self,
        prompt: str,
        *,
        system: str = "",
        max_new_tokens: int = 60,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
    ) -> dict[str, Any]:
        """Return exactly what `generate` would send, as a dict, without sending it.

        Parameters
        ----------
        prompt, system : str
            What to answer, and instructions that precede it.
        max_new_tokens : int
            Longest answer.
        stop : sequence of str
            An answer ends before the first of these.
        temperature : float
            0 takes the likeliest token each time.

        Examples
        --------
        >>> RemoteWriter("http://localhost:11434/v1", "llama3").payload("Hello")["model"]
        'llama3'
        """
        messages = [{"role": "system", "content": system}] if system else []
        return {
            "model": self.model,
            "messages": [*messages, {"role": "user", "content": prompt}],
            "max_tokens": max_new_tokens,
            "temperature": temperature,
            "seed": 0,
            "stream": False,
        } | ({"stop": list(stop)} if stop else {})

    def generate(self, prompt: str, *, time_limit_s: float | None = None, **options: Any) -> str:
        """Send one prompt and return the answer; takes the options of `payload`.

        Parameters
        ----------
        prompt : str
            What to answer.
        time_limit_s : float, optional
            Wait no longer than this, nor than `timeout_s`.
        **options
            See `payload`.

        Raises
        ------
        ModelError
            If the server does not answer in time, refuses, or answers something else.
        """
        seconds = min(self.timeout_s, time_limit_s or self.timeout_s)
        text = self._choice(self.payload(prompt, **options), seconds)["message"]["content"]
        return cut(text, options.get("stop", ()))

    def choose(
        self, prompts: Sequence[str], options: Sequence[str], system: str = ""
    ) -> np.ndarray:
        """Return how strongly each option is taken: 1 for the one that is answered, else 0.

        Parameters
        ----------
        prompts : sequence of str
            What to answer; one request each.
        options : sequence of str
            Single letters.
        system : str
            Instructions that precede each prompt.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_prompts, n_options)``; NaN where the server failed or named no option. After
            a failure the prompts left are not sent.

        Examples
        --------
        >>> nobody = RemoteWriter("http://localhost:9/v1", "llama3", timeout_s=0.5)
        >>> nobody.choose(["A or B?"], ["A", "B"])
        array([[nan, nan]])
        """
        taken = np.full((len(prompts), len(options)), np.nan)
        for row, prompt in enumerate(prompts):
            try:
                said = self.generate(prompt, system=system, max_new_tokens=8)
            except ModelError:
                break
            named = re.search(rf"\b({'|'.join(map(re.escape, options))})\b", said)
            if named:
                taken[row] = [option == named[1] for option in options]
        return taken

    def _choice(self, payload: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a payload and return the first choice of the answer."""
        request = urllib.request.Request(
            f"{self.url}/chat/completions",
            data=json.dumps(payload).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self._key}"} if self._key else {}),
        )
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                data = answer.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            # The words beside the number are the other server's.
            known = error.code in HTTPStatus._value2member_map_
            words = f" ({HTTPStatus(error.code).phrase})" if known else ""
            raise self._failed(f"status {error.code}{words}") from error
        except http.client.HTTPException as error:
            raise self._failed("no answer of a web server") from error
        except (OSError, ValueError) as error:
            raise self._failed(str(getattr(error, "reason", error))) from error
        try:
            choice = json.loads(data)["choices"][0]
            choice["message"]["content"].strip()
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self._failed("an answer that is not a chat completion") from error
        return choice

    def _failed(self, why: str) -> ModelError:
        return ModelError(
            f"An answer of {self.model} within {self.timeout_s:g} s is needed.",
            f"{why} from {self.url}.",
            "Check address, name of the model and key; the template speaks meanwhile.",
        )


def configured(url: str, model: str) -> RemoteWriter:
    """Return a writer for a server that a model names, as this computer's settings allow it.

    The key is that of ``STREC_LLM_KEY``; where ``STREC_LLM_ADDRESSES`` lists addresses, no other is
    asked.

    Examples
    --------
    >>> configured("http://localhost:11434/v1", "llama3.2").url
    'http://localhost:11434/v1'
    """
    if not (url and model):
        raise ModelError(
            "A language model on a server needs its address and its name there.",
            f"server={url!r}, server_model={model!r}.",
            "For Ollama: server='http://localhost:11434/v1', server_model='llama3.2'.",
        )
    listed = [each for each in os.environ.get(ADDRESSES, "*").replace(",", " ").split() if each]
    return RemoteWriter(
        url,
        model,
        key=os.environ.get(KEY) or None,
        addresses=None if "*" in listed else listed,
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could carry the prompt and the key to somebody else."""

    def redirect_request(self, *args, **kwargs):
        return None


class _Public:
    """A connection that is closed before anything is sent where it leads to a private address."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        # The name was looked up for this connection: what it stood for before does not matter.
        peer = self.sock.getpeername()[0].split("%")[0]
        if not _is_public(ipaddress.ip_address(peer)):
            self.sock.close()
            raise OSError("the name leads to a private address")


class _PublicHTTP(_Public, http.client.HTTPConnection):
    pass


class _PublicHTTPS(_Public, http.client.HTTPSConnection):
    pass


class _PublicHandler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    def http_open(self, req):
        return self.do_open(_PublicHTTP, req)

    def https_open(self, req):
        return self.do_open(_PublicHTTPS, req)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        # Addresses of version 4 in those of version 6.
        if address.sixtofour or address.teredo or address in _NAT64:
            return False
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _opener(url: str, is_listed: bool) -> urllib.request.OpenerDirector:
    # A server on this machine is never reached through a proxy, and a proxy would look up a name
    # where we cannot see it.
    no_proxy = urllib.request.ProxyHandler({})
    host = urlsplit(url).hostname or ""
    if is_listed and "." in host and not _is_address(host):
        return urllib.request.build_opener(_NoRedirect, no_proxy, _PublicHandler)
    direct = [no_proxy] if is_listed or _is_here(url) else []
    return urllib.request.build_opener(_NoRedirect, *direct)


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _checked(url: str, key: str | None) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ModelError(
            "The address of a server begins with http:// or https:// and holds no password.",
            f"{url[:100]!r}.",
            "For Ollama on this machine: http://localhost:11434/v1.",
        )
    if key and parts.scheme == "http" and not _is_here(url):
        raise ModelError(
            "A key travels over https alone.",
            f"a key for {parts.hostname}, reached by http.",
            "Use the https address, or a server on this machine.",
        )
    return url.strip().rstrip("/")


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
