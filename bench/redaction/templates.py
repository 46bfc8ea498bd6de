"""Texts with places for personal data, written for this benchmark alone: the redactor's code holds none of their phrases on purpose.

``{name}``, ``{first}``, ``{last}``, ``{email}``, ``{phone}``, ``{card}``, ``{iban}``, ``{ipv4}``, ``{ipv6}``, ``{id}`` (a national number of the locale) and ``{secret}``.
"""

from __future__ import annotations

from typing import Final

LOCALES: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")

PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "en_US": (
        "Customer wrote in again from {email}, wants a callback on {phone} before Friday.",
        "Please update the contact record: phone {phone}, e-mail {email}.",
        "I already gave my social security number ({id}) to the last agent!",
        "Refund went to card {card} instead of the new one.",
        "Home: {phone}\nWork mail: {email}\nSSN: {id}",
        "| account | mail | telephone |\n|---|---|---|\n| 8841 | {email} | {phone} |",
        "Wire the deposit to {iban} and cc {email}.",
        "You can text me at {phone} after 5pm, or just reply here.",
        "For the W-9 we have {id} on file, please confirm.",
        "charge declined: {card} (exp 09/27)",
    ),
    "en_GB": (
        "The tenant rang from {phone} about the boiler; her email is {email}.",
        "National Insurance number {id} does not match the payroll file.",
        "Kindly pay the invoice to IBAN {iban}, reference 2291.",
        "Mob: {phone} / {email}",
        "She read out {card} over the line, which we must not store.",
        "NI no: {id}, office phone {phone}.",
        "Forward everything to <{email}>; urgent matters by telephone: {phone}.",
        "Direct debit set up from {iban} on the 3rd.",
    ),
    "de_DE": (
        "Der Kunde ist unter {phone} oder per E-Mail an {email} erreichbar.",
        "Bitte überweisen Sie den Betrag auf das Konto {iban} bis Monatsende.",
        "Meine Steuer-ID lautet {id}, die Karte hat die Nummer {card}.",
        "Tel.: {phone}\nMail: {email}",
        "Rückruf erbeten, Telefon {phone}, vormittags.",
        "Kontoverbindung: {iban}; Steueridentifikationsnummer: {id}",
        "Ich habe von {email} aus geschrieben und keine Antwort bekommen.",
        "Kreditkarte {card} wurde abgelehnt.",
    ),
    "fr_FR": (
        "Vous pouvez me joindre au {phone} ou écrire à {email}.",
        "Son numéro de sécurité sociale est le {id}.",
        "Merci de virer le montant sur le compte {iban} avant vendredi.",
        "Tél. : {phone} – courriel : {email}",
        "La carte {card} a été débitée deux fois.",
        "NIR {id}, téléphone {phone}, à rappeler.",
        "Le client ({email}) demande un remboursement sur {iban}.",
    ),
    "es_ES": (
        "Mi DNI es {id} y mi teléfono {phone}.",
        "Por favor, ingrese el importe en la cuenta {iban}.",
        "Escríbame a {email} o llame al {phone} por la tarde.",
        "La tarjeta {card} ha caducado; use la nueva.",
        "Datos del titular: NIF {id}, correo {email}, móvil {phone}",
        "Se ha cobrado dos veces en {card}, contactar con {email}.",
    ),
    "it_IT": (
        "Il mio codice fiscale è {id}, il numero di cellulare {phone}.",
        "Può scrivere a {email} oppure chiamare il {phone}.",
        "Bonifico sul conto {iban} entro lunedì.",
        "Carta di credito {card} rifiutata due volte.",
        "Tel. {phone} – e-mail {email} – CF {id}",
        "Il cliente {email} chiede il rimborso su {iban}.",
    ),
}

TECHNICAL: Final[tuple[str, ...]] = (
    "2024-03-18T09:14:07Z WARN login failed for {email} from {ipv4} (attempt 3 of 5)",
    "$ ssh deploy@{ipv4} -p 2222",
    "upstream timed out while connecting to {ipv4}:8443, client: {ipv6}",
    "export AWS_ACCESS_KEY_ID={aws_id}\nexport AWS_SECRET_ACCESS_KEY={aws_secret}",
    'curl -H "Authorization: Bearer {jwt}" https://api.example.org/v2/orders',
    "git clone https://oauth2:{github}@github.com/acme/billing.git",
    "DATABASE_URL=postgres://svc_billing:{password}@db.internal:5432/billing",
    'config.yaml:\n  smtp:\n    user: {email}\n    password: "{password}"',
    "The bot posts with {slack} and nobody rotated it.",
    "client_secret = '{hex_secret}'",
    "api_key: {api_key}",
    "My password is {password} and it still does not let me in.",
    "ping6 {ipv6} works, the v4 host {ipv4} does not answer",
    '{{"user": "{email}", "remote": "{ipv4}", "token": "{github}"}}',
    "X-Forwarded-For: {ipv4}, {ipv6}",
    "We found this key in the repository:\n\n{pem}\n\nPlease revoke it.",
    "GET /export?access_token={api_key}&format=csv HTTP/1.1",
)

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "en_US": (
        "Hi {first},\n\nthanks for the quick reply.",
        "The ticket was escalated to {name} on Tuesday.",
        "{name} approved the purchase, so go ahead.",
        "Please ask {first} {last} from accounting about the missing invoice.",
        "Best regards,\n{name}\nCustomer Success",
        "Name: {name}\nDepartment: Facilities",
        "I spoke with {name} and {first2} {last2}; neither of them knew about the outage.",
        "Assigned to: {name}",
        "According to {name}, the migration is done.",
        "Dear Ms. {last}, your request has been received.",
    ),
    "en_GB": (
        "Dear {name},\n\nplease find the minutes attached.",
        "{name} has been off sick since Monday.",
        "The keys were handed to {name} at reception.",
        "Kind regards\n{first} {last}",
        "Could {first} {last} sign the form before noon?",
        "Line manager: {name}",
        "Minutes taken by {name}, reviewed by {first2} {last2}.",
        "Mrs {last} complained about the noise.",
    ),
    "de_DE": (
        "Sehr geehrte Frau {last},\n\nvielen Dank für Ihre Nachricht.",
        "Bitte wenden Sie sich an {name} aus der Buchhaltung.",
        "{name} hat den Antrag gestern genehmigt.",
        "Mit freundlichen Grüßen\n{name}",
        "Ansprechpartner: {name}",
        "Laut Herrn {last} wurde die Rechnung bezahlt.",
        "Hallo {first},\n\nkannst du das bitte prüfen?",
        "Das Ticket wurde von {name} an {first2} {last2} übergeben.",
    ),
    "fr_FR": (
        "Bonjour Madame {last},\n\nnous avons bien reçu votre demande.",
        "Le dossier est suivi par {name} depuis mardi.",
        "{name} a validé la commande hier.",
        "Cordialement,\n{name}",
        "Nom : {name}",
        "M. {last} n'a pas pu se connecter ce matin.",
        "Merci de contacter {name} pour la suite.",
        "Bonjour {first},\n\npeux-tu vérifier ce point ?",
    ),
    "es_ES": (
        "Estimado Sr. {last}:\n\nhemos recibido su solicitud.",
        "La incidencia fue asignada a {name} el lunes.",
        "{name} aprobó la compra ayer.",
        "Saludos cordiales,\n{name}",
        "Nombre: {name}",
        "Hable con {name} del departamento de compras.",
        "Hola {first},\n\n¿puedes revisarlo?",
        "La Sra. {last} no puede acceder al portal.",
    ),
    "it_IT": (
        "Gentile Sig.ra {last},\n\nabbiamo ricevuto la sua richiesta.",
        "Il ticket è stato assegnato a {name} lunedì.",
        "{name} ha approvato l'ordine ieri.",
        "Cordiali saluti,\n{name}",
        "Nome: {name}",
        "Ne ho parlato con {name} dell'ufficio acquisti.",
        "Ciao {first},\n\npuoi controllare?",
        "Il dott. {last} non riesce ad accedere al portale.",
    ),
}
