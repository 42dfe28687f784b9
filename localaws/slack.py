"""Slack on this machine: what Amazon Q would show in a channel becomes a happening of the feed.

moto has no AWS Chatbot. The channel configurations are kept here, and every message that SNS
takes for one of their topics, whoever published it, is read as Amazon Q reads it. Subscriptions
by e-mail get nothing: nothing on this machine sends mail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import Topic

from localaws import notifications
from localaws.feed import Feed, SlackMessage
from localaws.hooks import Hooks


@dataclass(frozen=True)
class ChannelConfiguration:
    """Topics, and the channel that shows what they say."""

    name: str
    team_id: str
    channel_id: str
    topic_arns: frozenset[str]
    arn: str = ""
    role_arn: str = ""
    state: str = "ENABLED"
    """DISABLED once Slack has taken the app away from the channel, for instance."""


class Slack:
    """The channels of one emulator; the newest one made listens, until it is closed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._configurations: dict[str, ChannelConfiguration] = {}
        self._lock = threading.Lock()
        _listen(self)

    @property
    def configurations(self) -> tuple[ChannelConfiguration, ...]:
        """The channel configurations."""
        with self._lock:
            return tuple(self._configurations.values())

    def configure(
        self,
        *,
        name: str,
        team_id: str,
        channel_id: str,
        topic_arns: Iterable[str],
        **described: str,
    ) -> ChannelConfiguration:
        """Send what topics say to a channel; the same name again replaces the configuration.

        Args:
            described: ``arn``, ``role_arn`` and ``state``, which only who asks gets to see.
        """
        topics = frozenset(topic_arns)
        made = ChannelConfiguration(name, team_id, channel_id, topics, **described)
        with self._lock:
            self._configurations[name] = made
        return made

    def remove(self, name: str) -> None:
        """Forget a configuration."""
        with self._lock:
            self._configurations.pop(name, None)

    def close(self) -> None:
        """Stop listening."""
        _stop_listening(self)

    def heard(self, topic_arn: str, text: str) -> None:
        """Show a message of a topic in its channels."""
        for configuration in self.configurations:
            if topic_arn in configuration.topic_arns:
                self._feed.publish(_message(configuration.channel_id, topic_arn, text))


def _message(channel: str, topic_arn: str, text: str) -> SlackMessage:
    now = datetime.now(UTC)
    try:
        shown = notifications.read(text)
    except notifications.Dropped as why:
        return SlackMessage(now, channel, topic_arn, "", "", dropped=str(why), raw=text)
    return SlackMessage(
        now,
        channel,
        topic_arn,
        shown.title,
        shown.description,
        next_steps=shown.next_steps,
        thread=shown.thread,
        raw=text,
    )


# moto's topics are one set a process, and so is who listens to them.
_hooks = Hooks()
_listening: Slack | None = None


def _listen(slack: Slack) -> None:
    global _listening
    _hooks.remove()
    _listening = slack
    _hooks.answer(Topic, "publish", _published)


def _stop_listening(slack: Slack) -> None:
    global _listening
    if _listening is slack:
        _listening = None
        _hooks.remove()


def _published(
    original: Callable[..., str],
    topic: Any,
    message: str,
    *args: Any,
    message_structure: str | None = None,
    **kwargs: Any,
) -> str:
    """Answer for moto's ``Topic.publish``."""
    message_id = original(topic, message, *args, message_structure=message_structure, **kwargs)
    if _listening is not None:
        _listening.heard(topic.arn, _for_https(message, message_structure))
    return message_id


def _for_https(message: str, structure: str | None) -> str:
    """Return the text that Amazon Q's subscription gets, which is one by HTTPS."""
    if structure != "json":
        return message
    texts = json.loads(message)
    return str(texts.get("https", texts.get("default", "")))
