"""One referral as FHIR R4, out and in: a Bundle of Task, ServiceRequest, Patient, Consent, Organization and HealthcareService.

`said` is what travels, `writing` and `reading` are pure, `rows` knows our tables, `pages` the two addresses of the desk.

Models: fhir.resources 8, whose nearest maintained release is R4B (4.3.0). By its own account (hl7.org/fhir/R4B/history.html) R4B changed
particular areas of R4 only: medication definition, evidence, subscriptions, nutrition products, two data types that are added. None of
the six resources used here is among them, so that what these models accept of them is R4 (4.0.1).

What they do not check: bindings to value sets (we check the codes that we act on) and FHIRPath invariants (ppc-1 of Consent holds by
construction).
"""
