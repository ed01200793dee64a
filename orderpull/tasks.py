from celery import shared_task

from orderpull.services import forget_old_calls


@shared_task
def forget_expired_rpc_ids() -> None:
    forget_old_calls()
