"""The shop's mail texts: a list, an editor with a preview on a real order, versions, a test to oneself."""

from itertools import zip_longest

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.comparing import text_difference
from messaging import catalogue, field_list, previews
from messaging.builtin import LANGUAGES
from messaging.forms import TemplateForm, TextForm
from messaging.models import MailTemplate, MailTemplateVersion
from messaging.previews import Look
from messaging.services import templates as services

SHOWN_VERSIONS = 50


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": catalogue.template_rows(request.shop),
        "may_change": request.staff.may(Permission.MANAGE_SETTINGS),
    }
    return render(request, "messaging/templates.html", context)


@requires(Permission.MANAGE_SETTINGS)
def create(request: HttpRequest) -> HttpResponse:
    """A template of the shop's own: a name, and what its texts begin with."""
    form = TemplateForm(request.POST or None, instance=MailTemplate(shop=request.shop))
    if request.method == "POST" and form.is_valid():
        template = services.create_template(
            request.shop, form.cleaned_data["name"], begin_with=form.cleaned_data["begin_with"], by=request.actor
        )
        return redirect("messaging:template", request.shop.number, catalogue.key_of(template))
    return render(request, "messaging/template_new.html", {"form": form}, status=422 if form.errors else 200)


@requires(Permission.MANAGE_SETTINGS)
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """One language of a template; which one is in the address as `?language=`."""
    template = catalogue.template_or_404(request.shop, key)
    language = _language_of(request)
    form = TextForm(request.POST) if request.method == "POST" else _form_of(template, language)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            version = services.save_text(
                template,
                language,
                subject=typed["subject"],
                html=typed["html"],
                seen=typed["seen"],
                note=typed["note"],
                by=request.actor,
            )
        except services.TextRefused as refused:
            _show_problems(form, refused)
        except services.SavedMeanwhile as meanwhile:
            text = _("%(who)s saved this text meanwhile. Yours is kept below; saving again puts it in place of theirs.")
            form.add_error(None, text % {"who": meanwhile.newest.by})
            form.data = form.data.copy()
            form.data["seen"] = meanwhile.newest.number
        else:
            messages.success(request, _("Saved as version %(number)d.") % {"number": version.number})
            for warning in previews.warnings_for(template, typed["subject"], typed["html"]):
                messages.warning(request, warning)
            return redirect(_address(request, template, language))
    return _editor(request, template, language, form)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def rename(request: HttpRequest, key: str) -> HttpResponse:
    template = catalogue.template_or_404(request.shop, key)
    form = TemplateForm(request.POST, instance=template)
    if form.is_valid():
        services.name_template(template, form.cleaned_data["name"], by=request.actor)
        messages.success(request, _("The template is called “%(name)s” now.") % {"name": template.name})
    else:
        messages.error(request, " ".join(form.errors.get("name", [])))
    return redirect("messaging:template", request.shop.number, key)


@requires(Permission.MANAGE_SETTINGS)
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Ask first: the statuses that send it would go silent. Built-in ones stay."""
    template = catalogue.template_or_404(request.shop, key)
    if template.purpose:
        raise Http404("Built-in mails stay.")
    if request.method == "POST":
        services.delete_template(template, by=request.actor)
        messages.success(request, _("Template “%(name)s” is deleted.") % {"name": template.name})
        return redirect("messaging:templates", request.shop.number)
    number = template.triggers.filter(is_on=True).count()
    return render(request, "messaging/template_delete.html", {"template": template, "number": number, "key": key})


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def back_to_builtin(request: HttpRequest, key: str) -> HttpResponse:
    template = catalogue.template_or_404(request.shop, key)
    if not template.purpose:
        raise Http404("Not a built-in mail.")
    if template.pk is not None:
        services.back_to_builtin(template, by=request.actor)
    messages.success(request, _("The built-in text is sent again. Your versions are kept."))
    return redirect("messaging:template", request.shop.number, key)


@previews.in_a_frame
@requires(Permission.MANAGE_SETTINGS)
def preview(request: HttpRequest, key: str, language: str) -> HttpResponse:
    """The mail as a document for the frame beside the editor: of what is typed (POST), or of what is saved."""
    template = catalogue.template_or_404(request.shop, key)
    _refuse_unknown(language)
    text, _is_own = catalogue.source_of(template, language)
    subject = request.POST.get("subject", text.subject)
    html = request.POST.get("html", text.html)
    order = previews.order_named(request.shop, request.POST.get("order") or request.GET.get("order", ""))
    shown = previews.preview_of(subject, html, order=order, shop=request.shop, language=language)
    look = Look.of(request.POST.get("look") or request.GET.get("look", ""))
    return HttpResponse(previews.document(shown, look))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def send_test(request: HttpRequest, key: str, language: str) -> HttpResponse:
    """What is typed, as a mail to oneself; nothing is saved and the page says what is wrong."""
    template = catalogue.template_or_404(request.shop, key)
    _refuse_unknown(language)
    form = TextForm(request.POST)
    if not form.is_valid():
        return _editor(request, template, language, form)
    typed = form.cleaned_data
    if problems := services.problems_in(typed["subject"], typed["html"]):
        _show_problems(form, services.TextRefused(problems))
        return _editor(request, template, language, form)
    order = previews.order_named(request.shop, request.POST.get("order", ""))
    address = request.user.email
    previews.send_test(
        request.shop, typed["subject"], typed["html"], order=order, language=language, to=address, by=request.actor
    )
    messages.success(request, _("A test is on its way to %(address)s.") % {"address": address})
    return _editor(request, template, language, form, status=200)


@requires(Permission.MANAGE_SETTINGS)
def versions(request: HttpRequest, key: str, language: str) -> HttpResponse:
    """Every text that was saved, newest first, each with what it changed."""
    template = catalogue.template_or_404(request.shop, key)
    _refuse_unknown(language)
    rows = list(template.versions.filter(language=language)[: SHOWN_VERSIONS + 1]) if template.pk else []
    told = [(row, *_changes(row, before)) for row, before in zip_longest(rows, rows[1:])]
    context = {
        "template": template,
        "key": key,
        "language": language,
        "language_name": dict(_languages())[language],
        "rows": told[:SHOWN_VERSIONS],
    }
    return render(request, "messaging/template_versions.html", context)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def restore(request: HttpRequest, key: str, language: str, number: int) -> HttpResponse:
    template = catalogue.template_or_404(request.shop, key)
    rows = MailTemplateVersion.objects.filter(template=template.pk, language=language)
    version = get_object_or_404(rows, number=number)
    try:
        newest = services.restore(version, by=request.actor)
    except services.TextRefused:
        messages.error(request, _("That version uses something that is not possible any more, so it stays as it is."))
    else:
        text = _("Version %(old)d is back, as version %(new)d.")
        messages.success(request, text % {"old": number, "new": newest.number})
    return redirect(_address(request, template, language))


# --- the parts ------------------------------------------------------------------------------------


def _editor(
    request: HttpRequest, template: MailTemplate, language: str, form: TextForm, *, status: int | None = None
) -> HttpResponse:
    order = previews.order_named(request.shop, request.POST.get("order") or request.GET.get("order", ""))
    text, is_own = catalogue.source_of(template, language)
    own = {each.language for each in template.translations.all()} if template.pk else set()
    context = {
        "template": template,
        "key": catalogue.key_of(template),
        "form": form,
        "name_form": TemplateForm(instance=template),
        "language": language,
        "languages": [(code, name, bool(template.purpose and not own) or code in own) for code, name in _languages()],
        "is_own": is_own,
        "is_changed_builtin": bool(template.purpose and own),
        "order": order,
        "groups": field_list.groups_for(order, request.shop, language),
        "looks": Look,
        "warnings": previews.warnings_for(template, text.subject, text.html),
        "own_address": request.user.email,
    }
    status = status or (422 if form.is_bound and form.errors else 200)
    return render(request, "messaging/template.html", context, status=status)


def _form_of(template: MailTemplate, language: str) -> TextForm:
    text, _is_own = catalogue.source_of(template, language)
    newest = template.versions.filter(language=language).first() if template.pk else None
    return TextForm(initial={"subject": text.subject, "html": text.html, "seen": newest.number if newest else 0})


def _show_problems(form: TextForm, refused: services.TextRefused) -> None:
    for name, problems in refused.problems.items():
        for problem in problems:
            form.add_error(name, previews.sentence_of(problem))


def _changes(version: MailTemplateVersion, before: MailTemplateVersion | None) -> tuple:
    """What a version changed against the one before it: the subject's difference and the text's."""
    if before is None:
        return None, None
    return text_difference(before.subject, version.subject), text_difference(before.html, version.html)


def _languages() -> list[tuple[str, str]]:
    return [(code, name) for code, name in previews.LANGUAGE_NAMES.items()]


def _language_of(request: HttpRequest) -> str:
    wanted = request.GET.get("language", "")
    return wanted if wanted in LANGUAGES else request.shop.language


def _refuse_unknown(language: str) -> None:
    if language not in LANGUAGES:
        raise Http404("No such language.")


def _address(request: HttpRequest, template: MailTemplate, language: str) -> str:
    url = redirect("messaging:template", request.shop.number, catalogue.key_of(template)).url
    return f"{url}?language={language}"
