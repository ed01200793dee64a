"""The archive of files that mails can carry."""

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from messaging.models import ShopFile
from messaging.services.files import FileRefused, add_file, delete_file


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=300,
        help_text=gettext_lazy("PDF, picture, text or office file, up to 10 MB."),
    )


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """The files by name, and the form that adds one."""
    if request.method == "POST":
        return _add(request)
    return _page(request, FileForm())


@requires(Permission.VIEW_ORDERS)
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself, always as a download: what it holds never runs on our pages."""
    found = _file_or_404(request, pk)
    try:
        return FileResponse(
            found.file.open("rb"), as_attachment=True, filename=found.name, content_type="application/octet-stream"
        )
    except FileNotFoundError as gone:
        raise Http404("The file is gone.") from gone


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = _file_or_404(request, pk)
    delete_file(found, by=request.actor)
    messages.success(request, _("“%(name)s” is out of the archive.") % {"name": found.name})
    return redirect("messaging:files", request.shop.number)


@requires(Permission.MANAGE_SETTINGS)
def _add(request: HttpRequest) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            kept = add_file(request.shop, form.cleaned_data["file"], by=request.actor)
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("“%(name)s” is in the archive.") % {"name": kept.name})
            return redirect("messaging:files", request.shop.number)
    return _page(request, form, status=422)


def _page(request: HttpRequest, form: FileForm, *, status: int = 200) -> HttpResponse:
    context = {
        "files": ShopFile.objects.for_shop(request.shop).filter(deleted_at=None),
        "form": form,
        "may_change": request.staff.may(Permission.MANAGE_SETTINGS),
    }
    return render(request, "messaging/files.html", context, status=status)


def _file_or_404(request: HttpRequest, pk: int) -> ShopFile:
    return get_object_or_404(ShopFile.objects.for_shop(request.shop).filter(deleted_at=None), pk=pk)
