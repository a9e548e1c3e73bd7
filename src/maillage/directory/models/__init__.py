"""What is offered, in the words of HSDS 3.1 (docs.openreferral.org); a name marked * in a docstring is ours, exported as an attribute."""

from maillage.directory.models.care import Change, Closure, ErrorReport, LinkCheck, Reminder, Revision
from maillage.directory.models.details import (
    Accessibility,
    Accreditation,
    Activity,
    Contact,
    CostOption,
    EligibilityRule,
    Funding,
    Language,
    Phone,
    RequiredDocument,
    Schedule,
    ServiceCapacity,
)
from maillage.directory.models.duplicates import DuplicatePair, Merge
from maillage.directory.models.duty import Duty
from maillage.directory.models.library import Guide, LibraryDocument
from maillage.directory.models.search import DirectoryState, SearchDocument, SearchTerm
from maillage.directory.models.service import Address, Location, Program, Service, ServiceArea, ServiceAtLocation
from maillage.directory.models.source import FieldProvenance, ImportIssue, ImportRun, ImportSchedule, SourceRecord
from maillage.directory.models.taxonomy import (
    Attribute,
    LiftingResource,
    Obstacle,
    ServiceTerm,
    Taxonomy,
    TaxonomyTerm,
    TermMapping,
)
from maillage.directory.models.text import Text

__all__ = [
    "Accessibility", "Accreditation", "Activity", "Address", "Attribute", "Change", "Closure", "Contact",
    "CostOption", "DirectoryState", "DuplicatePair", "Duty", "EligibilityRule", "ErrorReport", "FieldProvenance", "Funding",
    "Guide", "ImportIssue", "ImportRun", "ImportSchedule", "Language", "LibraryDocument", "LiftingResource",
    "LinkCheck", "Location", "Merge", "Obstacle", "Phone", "Program", "Reminder", "RequiredDocument", "Revision",
    "Schedule", "SearchDocument", "SearchTerm", "Service", "ServiceArea", "ServiceAtLocation", "ServiceCapacity",
    "ServiceTerm", "SourceRecord", "Taxonomy", "TaxonomyTerm", "TermMapping", "Text",
]  # fmt: skip
