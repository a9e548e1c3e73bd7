"""Who: users, organisations and their members, and the trace of what each one did."""

from __future__ import annotations

import uuid
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
