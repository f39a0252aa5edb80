/** Names, places and phrases that the invented people, companies, deals and activities are made of. */

export const FIRST_NAMES: ReadonlyArray<string> = (
  "Jürgen Anna Björn Käthe Stefan Sabine Günther Ute Jörg Petra Lukas Mia Jonas Léa René François Zoë Özlem Mehmet Ayşe " +
  "Łukasz Agnieszka Paweł Marek Søren Åsa Ingrid Lars Nora Emil Clara Felix Greta Hannes Ida Jakob Karla Leon Marta Nils " +
  "Olga Paul Rosa Simon Tilda Urs Vera Wim Yara Zdenka Bärbel Heinz Gisela Walter Renate Dieter Monika Klaus Helga Uwe"
).split(" ")

export const FAMILY_NAMES: ReadonlyArray<string> = (
  "Müller Schmidt Schröder Weiß Böhm Köhler Krüger Groß Schäfer Jäger Fröhlich Grünwald Strauß Kühn Löwe Bäcker Wagner " +
  "Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Zimmermann Braun Hartmann Lange Werner Krause Lehmann Maier " +
  "Huber Kaiser Fuchs Peters Lang Scholz Möller Roth Beck Lorenz Baumann Franke Albrecht Winter Ludwig Vogt Sommer Stein " +
  "Jung Pohl Horn Busch Bergmann Thomas Voigt Sauer Arnold Pfeiffer Nowak Kowalski Yılmaz Demir Øster Nielsen Dupont Lefèvre"
).split(" ")

export const TITLES: ReadonlyArray<string> = [
  "CEO",
  "CTO",
  "Head of Sales",
  "Head of Procurement",
  "Office Manager",
  "Account Manager",
  "Geschäftsführer",
  "Einkaufsleiterin",
  "Project Manager",
  "Plant Manager",
  "Buyer",
  "Consultant",
]

export const COMPANY_WORDS: ReadonlyArray<string> = (
  "Nordwind Alpenblick Rheintal Havel Isar Elbufer Lindenhof Silberbach Eichenfeld Adler Falken Phönix Kranich Merkur Orion " +
  "Sirius Polaris Helios Titan Atlas Kompass Anker Leuchtturm Mühlen Schwarzwald Ostsee Zugspitz Brocken Spree Donau"
).split(" ")

export const COMPANY_TRADES: ReadonlyArray<string> = [
  "Logistik",
  "Maschinenbau",
  "Software",
  "Consulting",
  "Verlag",
  "Energie",
  "Pharma",
  "Möbel",
  "Metallbau",
  "Textil",
  "Medien",
  "Immobilien",
]

export const LEGAL_FORMS: ReadonlyArray<string> = ["GmbH", "AG", "GmbH & Co. KG", "KG", "SE"]

export interface Place {
  readonly country: "DE" | "AT" | "CH"
  readonly countryName: string
  readonly dial: string
  readonly area: string
  readonly mobile: string
  /** Digits of a number after the area. */
  readonly digits: 7 | 8
  readonly city: string
  readonly zip: string
}

const place = (country: Place["country"], area: string, mobile: string, city: string, zip: string): Place => ({
  country,
  countryName: { DE: "Germany", AT: "Austria", CH: "Switzerland" }[country],
  dial: { DE: "49", AT: "43", CH: "41" }[country],
  area,
  mobile,
  digits: country === "DE" ? 8 : 7,
  city,
  zip,
})

export const PLACES: ReadonlyArray<Place> = [
  place("DE", "30", "151", "Berlin", "10117"),
  place("DE", "89", "151", "München", "80331"),
  place("DE", "40", "176", "Hamburg", "20095"),
  place("DE", "69", "176", "Frankfurt", "60311"),
  place("DE", "221", "151", "Köln", "50667"),
  place("AT", "1", "664", "Wien", "1010"),
  place("CH", "44", "79", "Zürich", "8001"),
]

export const STREETS: ReadonlyArray<string> = [
  "Hauptstraße",
  "Bahnhofstraße",
  "Gartenweg",
  "Lindenallee",
  "Marktplatz",
  "Schulstraße",
  "Am Mühlbach",
]

/** Where people have addresses of their own. */
export const PRIVATE_MAIL: ReadonlyArray<string> = ["mail.example", "post.example", "briefkasten.example"]

/** What some small companies give as their domain: it says nothing of who they are. */
export const FREE_MAIL = "gmail.com"

export const ROLE_MAILBOXES: ReadonlyArray<string> = ["info", "office"]

export const DEAL_SUBJECTS: ReadonlyArray<string> = [
  "Rollout",
  "Licence renewal",
  "Pilot",
  "Framework contract",
  "Retrofit",
  "Support plan",
  "Migration",
  "Expansion",
]

export const LOST_REASONS: ReadonlyArray<string> = ["Too expensive", "We don't have people/skills", "Not enough stock"]

export const ACTIVITY_SUBJECTS: Readonly<
  Record<"call" | "task" | "note" | "meeting" | "email", ReadonlyArray<string>>
> = {
  call: ["Call about the offer", "First call", "Follow-up call", "Call back", "Complaint call"],
  task: ["Send the offer", "Prepare the contract", "Check the references", "Ask for the purchase order"],
  note: ["Prefers e-mail", "Budget is decided in autumn", "Met at the trade fair", "Has a new assistant"],
  meeting: ["Demo", "Kick-off", "Quarterly review", "Site visit"],
  email: ["Offer as discussed", "Minutes of our meeting", "Your question", "Invitation"],
}

/** The sales people of the tenant: the same people own records in every system, under different ids. */
export interface Seller {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly hubspot: string
  readonly hubspotUser: number
  readonly odoo: number
  readonly odooPartner: number
}

const seller = (firstName: string, lastName: string, index: number): Seller => ({
  email: `${firstName}.${lastName}@concordia.example`.toLowerCase(),
  firstName,
  lastName,
  hubspot: String(41_700_000 + index * 131),
  hubspotUser: 9_600_000 + index * 17,
  odoo: 10 + index,
  odooPartner: 20 + index,
})

export const SELLERS: ReadonlyArray<Seller> = [
  seller("Sam", "Seller", 0),
  seller("Dana", "Dealer", 1),
  seller("Kim", "Closer", 2),
  seller("Robin", "Hunter", 3),
]
