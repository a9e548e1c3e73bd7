"""One referral as FHIR R4, out and in: a Bundle of Task, ServiceRequest, Patient, Consent, Organization and HealthcareService.

`said` is what travels, `writing` and `reading` are pure, `rows` knows our tables, `pages` the two addresses of the desk.

Models: fhir.resources 8, whose nearest maintained release is R4B (4.3.0). R4B changed evidence, medication definition and
subscription resources (hl7.org/fhir/R4B/history.html, hl7.org/fhir/R4B/diff.html); the six resources used here, and the data types
in them, are those of R4 (4.0.1), so that what these models accept is R4. What they do not check: bindings to value sets (we check the
codes that we act on) and FHIRPath invariants (those of Consent, ppc-1, holds by construction).
"""
