"""What makes a PDF a Factur-X (ZUGFeRD) document: the XML inside it, and the metadata that announce it.

Source: Factur-X 1.08 / ZUGFeRD 2.4, technical appendix, "XMP extension schema" and "Embedding". The PDF itself is
made as PDF/A-3b.
"""

from layouts.rendering import Attachment
from orders.einvoice.cii import cii
from orders.einvoice.document import einvoice_of
from orders.models import Invoice

PDF_VARIANT = "pdf/a-3b"
FILE_NAME = "factur-x.xml"
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_VERSION, _PROFILE = "1.0", "EN 16931"
_PROPERTIES = {
    "DocumentFileName": "The name of the embedded XML document",
    "DocumentType": "The type of the hybrid document in capital letters",
    "Version": "The version of the standard that the embedded XML document follows",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}


def attachment(invoice: Invoice) -> Attachment:
    """The XML as it lies in the PDF: an alternative way to say the same. Raises lxml's DocumentInvalid."""
    return Attachment(FILE_NAME, cii(einvoice_of(invoice)), "Factur-X, EN 16931", "Alternative")


def metadata() -> list[bytes]:
    """The two XMP blocks: what the document is, and the extension schema that PDF/A wants for saying so."""
    return [_said().encode(), _schema().encode()]


def _said() -> str:
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" xmlns:fx="{_NAMESPACE}" rdf:about="">'
        "<fx:DocumentType>INVOICE</fx:DocumentType>"
        f"<fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>"
        f"<fx:Version>{_VERSION}</fx:Version>"
        f"<fx:ConformanceLevel>{_PROFILE}</fx:ConformanceLevel>"
        "</rdf:Description>"
    )


def _schema() -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description>"
        "</rdf:li>"
        for name, description in _PROPERTIES.items()
    )
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about=""'
        ' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
