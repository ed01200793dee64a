from django.core.management.base import BaseCommand, CommandError

from backoffice import jobs
from backoffice.models import Job


class Command(BaseCommand):
    help = "Work on one job here and now, as a worker would: for installations whose workers stand still."

    def add_arguments(self, parser):
        parser.add_argument("job", type=int)

    def handle(self, *args, job: int, **options):
        if not Job.objects.filter(pk=job).exists():
            raise CommandError(f"There is no job {job}.")
        jobs.run(job)
        self.stdout.write(Job.objects.get(pk=job).get_state_display())
