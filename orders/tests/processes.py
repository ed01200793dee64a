"""What processes that are to be killed run."""

# Does the only job there is, as the sweep does once the lease of a dead worker has lapsed.
WORK = """
from backoffice import jobs
from backoffice.models import Job
Job.objects.filter(leased_until__isnull=False).update(leased_until="2026-01-01T00:00Z")
jobs.run(Job.objects.get().pk)
job = Job.objects.get()
"""
