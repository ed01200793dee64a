from celery import shared_task
from django.core.management import call_command

from backoffice import job_files, jobs


@shared_task
def forget_expired_sessions() -> None:
    call_command("clearsessions")


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task
def sweep_jobs() -> None:
    jobs.sweep()


@shared_task
def sweep_job_files() -> None:
    job_files.forget_expired()
    job_files.sweep_orphans()
