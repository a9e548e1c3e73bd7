"""Who: users, organisations and their members, the people who are helped, with whose leave, and the trace of what was done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from maillage.territory.models import Territory


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone with an account. A member of the public needs none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    sign_outs = models.PositiveIntegerField(default=0)  # one more ends every session

    objects = UserManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must still agree with: the password, and how often everything was signed out."""
        said = f"{self.password}:{self.sign_outs}"
        return salted_hmac("maillage.people.session", said, secret=secret, algorithm="sha256").hexdigest()


class Organization(models.Model):
    """A legal or de facto body that offers services (HSDS organization).

    `name` is the registered one; other languages are Text rows.
    """

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="organizations")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=200, blank=True)  # from a pack or a source: "source--local id"
    name = models.CharField(max_length=400)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="branches")
    kind = models.CharField(max_length=80, blank=True)
    legal_status = models.CharField(max_length=200, blank=True)
    website = models.CharField(max_length=1000, blank=True)
    email = models.CharField(max_length=320, blank=True)
    year_incorporated = models.PositiveSmallIntegerField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    is_fictional = models.BooleanField(default=False)
    last_modified = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["territory", "code"], name="organization_by_code")]

    def __str__(self) -> str:
        return self.name


class OrganizationIdentifier(models.Model):
    """A number in an official register, checked when the register publishes how (Belgium: BCE/KBO)."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=40)  # org-id.guide code, e.g. BE-BCE_KBO
    identifier = models.CharField(max_length=80)
    is_valid = models.BooleanField(null=True)  # null: nobody can tell

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "scheme", "identifier"], name="identifier_once")]
        indexes = [models.Index(fields=["scheme", "identifier"], name="identifier_lookup")]


class Role(models.TextChoices):
    EDITOR = "editor", _("Service editor")
    MODERATOR = "moderator", _("Territory moderator")
    PROFESSIONAL = "professional", _("Professional")
    COORDINATOR = "coordinator", _("Coordinator")
    ADMINISTRATOR = "administrator", _("Administrator")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, *, at: datetime) -> MembershipQuerySet:
        return self.filter(starts_at__lte=at).filter(models.Q(ends_at=None) | models.Q(ends_at__gt=at))

    def expiring(self, *, at: datetime, days: int) -> MembershipQuerySet:
        """Active, and over before so many days."""
        return self.active(at=at).filter(ends_at__lte=at + timedelta(days=days))


class Membership(models.Model):
    """A user's role in an organisation, or in a whole territory when there is no organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role)
    sees_confidential_places = models.BooleanField(default=False)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)  # the person has come to the desk since it was given
    reminded_at = models.DateTimeField(null=True, blank=True)  # that it ends soon

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "territory", "organization", "role"], name="membership_once"),
            models.UniqueConstraint(
                fields=["user", "territory", "role"],
                condition=models.Q(organization=None),
                name="territory_membership_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="membership_ends_after_it_starts",
            ),
        ]


class Household(models.Model):
    """People who want one roof together."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="households")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    created_at = models.DateTimeField(default=timezone.now)


class PersonQuerySet(models.QuerySet["Person"]):
    def of(self, organizations: Iterable[int], *, at: datetime) -> PersonQuerySet:
        """Those whom these organisations (keys) are helping: an open link, and nothing else, opens a person's record."""
        links = CareLink.objects.open(at=at).filter(organization__in=list(organizations))
        return self.filter(same_as=None, pk__in=links.values("person"))


class Person(models.Model):
    """Somebody who is helped. Known by a name, or by an alias only: nobody needs papers for a bed tonight.

    Everything but the alias may be unknown. `facts`: criterion of the pack -> value, as a Situation says them.
    Two records of one person are joined: the later one says `same_as`, and every link and stay moves to the first.
    """

    class Gender(models.TextChoices):
        WOMAN = "woman", _("woman")
        MAN = "man", _("man")
        OTHER = "other", _("other gender")

    class Contact(models.TextChoices):
        """By which way it is safe to write to them. Nobody said: nobody writes."""

        NONE = "none", _("never write or call")
        WORKER = "worker", _("only through the person who helps them")
        SMS = "sms", _("text message")
        EMAIL = "email", _("e-mail")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="persons")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.SET_NULL, related_name="persons")
    alias = models.CharField(max_length=80, blank=True)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    born_on = models.DateField(null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)  # when the day is not known
    gender = models.CharField(max_length=10, choices=Gender, blank=True)
    language = models.CharField(max_length=8, blank=True)  # in which they are written to
    spoken = models.JSONField(default=list)  # codes of languages
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=320, blank=True)
    contact = models.CharField(max_length=10, choices=Contact, default=Contact.WORKER)
    facts = models.JSONField(default=dict)
    same_as = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="others")
    is_fictional = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PersonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(alias="", given_name="", family_name=""), name="person_is_called_something"
            ),
            models.CheckConstraint(condition=~models.Q(same_as=models.F("id")), name="person_is_not_their_own_double"),
        ]
        indexes = [models.Index(fields=["territory", "family_name", "given_name"], name="person_by_name")]

    def called(self) -> str:
        """How a desk names them."""
        return f"{self.given_name} {self.family_name}".strip() or self.alias


class CareLinkQuerySet(models.QuerySet["CareLink"]):
    def open(self, *, at: datetime) -> CareLinkQuerySet:
        return self.filter(since__lte=at).filter(models.Q(until=None) | models.Q(until__gt=at))


class CareLink(models.Model):
    """An organisation helps a person: from when, until when, and why. Without one, its members read nothing of them."""

    class Reason(models.TextChoices):
        REGISTERED = "registered", _("registered by this organisation")
        REFERRED = "referred", _("referred to this organisation")
        LISTED = "listed", _("on a waiting list that this organisation keeps")
        HOUSED = "housed", _("staying with this organisation")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="links")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="links")
    reason = models.CharField(max_length=12, choices=Reason)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    objects = CareLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organization", "reason"], condition=models.Q(until=None), name="care_link_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "person"], name="care_link_of_organization")]


class Consent(models.Model):
    """What a person agreed to: which facts go to whom, what for, until when. `shown`: the very words that they were shown."""

    class Purpose(models.TextChoices):
        REFERRAL = "referral", _("sending a referral")
        WAITING_LIST = "waiting_list", _("being on a shared waiting list")
        MESSAGES = "messages", _("receiving messages")

    class How(models.TextChoices):
        SAID = "said", _("said aloud")
        SIGNED = "signed", _("signed on paper")
        SELF = "self", _("given by the person on the screen")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    purpose = models.CharField(max_length=16, choices=Purpose)
    organization = models.ForeignKey(  # to whom; none: to whom the purpose says
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="consents"
    )
    what = models.JSONField(default=list)  # names of facts and details
    shown = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    how = models.CharField(max_length=8, choices=How)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="consents")


class Message(models.Model):
    """That something was said to a person: which words (`template`), by which way, when. Never the text, never the address."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("could not be sent")
        HELD = "held", _("not sent: only through the person who helps them")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="messages")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="messages")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    channel = models.CharField(max_length=10, choices=Person.Contact)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    error = models.CharField(max_length=80, blank=True)  # a stable code
    key = models.CharField(max_length=120, unique=True)  # what it is about: never said twice
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)


class Once(models.Model):
    """A write that a telephone may repeat, under the key that it gave: the second time nothing is written, the first answer is given."""

    key = models.CharField(max_length=64, unique=True)  # a hash: of the verb, of who asks, and of what they gave
    target = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="once_by_age")]


class Trace(models.Model):
    """One line of the audit trail: append-only (triggers forbid update and delete) and hash-chained.

    No foreign key to the target, so that history never blocks a deletion. Written by `audit.record` only.
    """

    sequence = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor = models.CharField(max_length=80)  # "user:<uuid>", or "system:<command>"
    target_kind = models.CharField(max_length=60)
    target = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["target_kind", "target"], name="trace_by_target"),
            models.Index(fields=["actor", "sequence"], name="trace_by_actor"),
        ]
