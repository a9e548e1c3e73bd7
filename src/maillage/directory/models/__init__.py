"""What is offered, in the words of HSDS 3.1 (docs.openreferral.org); a name marked * in a docstring is ours, exported as an attribute."""

from maillage.directory.models.details import (
    Accessibility,
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
from maillage.directory.models.search import DirectoryState, SearchDocument, SearchTerm
from maillage.directory.models.service import Address, Location, Program, Service, ServiceArea, ServiceAtLocation
from maillage.directory.models.source import FieldProvenance, ImportIssue, ImportRun, SourceRecord
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
    "Accessibility", "Activity", "Address", "Attribute", "Contact", "CostOption", "DirectoryState", "EligibilityRule",
    "FieldProvenance", "Funding", "ImportIssue", "ImportRun", "Language", "LiftingResource", "Location", "Obstacle",
    "Phone", "Program", "RequiredDocument", "Schedule", "SearchDocument", "SearchTerm", "Service", "ServiceArea",
    "ServiceAtLocation", "ServiceCapacity", "ServiceTerm", "SourceRecord", "Taxonomy", "TaxonomyTerm", "TermMapping", "Text",
]  # fmt: skip
