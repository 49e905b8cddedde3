// SPDX-License-Identifier: Apache-2.0
// The field table: the one place where a resource is described.
//
// A noun (a VSlice, a Routing Target, one rule of a policy) is a C struct and a table with a row for each of its
// members. Everything that lists members walks these rows: JSON in and out, validation, SQL columns, command-line
// words, forms (`GET /api/v1/schema`), OpenAPI, the reference manual. Nothing else may list them.
//
// Members have one of six C types, so that a walker needs only the row's type and offset:
//   FIELD_TEXT            char *                 NULL = absent
//   FIELD_INT BOOL ENUM   int64_t                FIELD_UNSET = absent; an ENUM holds the key of a row of `words`
//   FIELD_TIME            int64_t                milliseconds since 1970, FIELD_UNSET = absent; RFC 3339 in JSON
//   FIELD_REF             struct field_ref       another object; what is stored is its id
//   FIELD_TEXTS           struct field_texts     a list of texts
//   FIELD_ROWS            struct field_rows      a list of structs of the noun `noun` (LACs, LNSs, rules), order kept
//   FIELD_OBJECT          the struct itself      members of the noun `noun`, at the row's offset (advanced settings)
//   FIELD_RAW             char *                 JSON text made by the program, never written by a client
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct noun;
struct text;

enum field_type {
	FIELD_TEXT = 1,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_ENUM,
	FIELD_TIME,
	FIELD_REF,
	FIELD_TEXTS,
	FIELD_ROWS,
	FIELD_OBJECT,
	FIELD_RAW,
};

#define FIELD_UNSET INT64_MIN

enum field_flags {
	FIELD_REQUIRED = 1 << 0, // must be there on create and replace
	FIELD_READ_ONLY = 1 << 1, // set by the platform; ignored when a client sends it
	FIELD_FIXED = 1 << 2, // settable at creation only (readOnlyAfterCreate)
	FIELD_SECRET = 1 << 3, // encrypted at rest; never read back: "<name>Set": true stands in its place
	FIELD_BLANK = 1 << 4, // a secret that also reads back as "", null while it is not set (shape of existing clients)
	FIELD_KEEP = 1 << 5, // absent in a PUT means "as it was" (members that existing clients do not know)
	FIELD_UNIQUE = 1 << 6, // unique on the whole platform
	FIELD_INPUT = 1 << 7, // only written, no column: a rule turns it into other members (subnetAddress)
	FIELD_FLAT = 1 << 8, // a reference that reads as its moniker, a string, where others read as {id, moniker, name}
	FIELD_LIVE = 1 << 9, // filled from what gateways report; no column
	FIELD_HIDDEN = 1 << 10, // stored, never shown (hashes)
	FIELD_SUMMARY = 1 << 11, // a column of `list` on the command line
	FIELD_FLAT_ID = 1 << 12, // a reference that reads as its id, a string
	FIELD_OWNED =
		1 << 13, // a reference whose holder goes along when the object referred to is deleted (a policy with its VSlice)
	FIELD_YIELDS = 1 << 14, // a reference that is cleared when the object referred to is deleted, unless a rule forbids it
	FIELD_COUNTED = 1 << 15, // a reference whose users the store counts, object by object (user_count)
	FIELD_PLATFORM = 1 << 16, // only who acts for the platform sees it; others see it absent
	FIELD_ZERO = 1 << 17, // an integer: 0 means absent, as existing clients send it for what they do not set
	FIELD_WHOLE = 1 << 18, // a part: reads as an object although nothing is set in it, since existing clients look into it
};

// What a text may look like, beyond its length.
enum field_format {
	FORMAT_ANY = 0,
	FORMAT_MONIKER, // [a-z0-9-]{1,30}
	FORMAT_IPV4, // an IPv4 unicast address
	FORMAT_PREFIX, // an IPv4 prefix "a.b.c.d/n" without host bits
	FORMAT_ADDRESS_OR_PREFIX, // either of the two
	FORMAT_PREFIXES, // prefixes, separated by commas
	FORMAT_ADDRESSES, // addresses, prefixes and ranges "a-b", separated by commas
	FORMAT_ADDRESSES4, // likewise, of IPv4
	FORMAT_PORTS, // "80", "8000-8100", or several, separated by commas
	FORMAT_DIGITS, // decimal digits only
	FORMAT_ICCID, // 18 to 22 digits, Luhn-checked
	FORMAT_IMSI, // 14 or 15 digits
	FORMAT_APN, // labels of letters, digits and hyphens, separated by dots
	FORMAT_INTERFACE, // a network interface, "eth1" or a VLAN "eth1.100"
	FORMAT_TEMPLATE, // text in which %{imsi} and the like are replaced
	FORMAT_NUMBERS, // numbers of 0 to 65535, separated by commas
	FORMAT_HOST_NAME, // letters, digits, hyphens and dots
	FORMAT_ISO3, // three capital letters
	FORMAT_URL, // http:// or https://
	FORMAT_ADDRESS, // an IPv4 or IPv6 unicast address
	FORMAT_NETWORKS, // prefixes of both families, separated by commas
	FORMAT_OWN_ADDRESS, // an address of either family, perhaps with the length of its network
	FORMAT_SUBNET, // an IPv4 or IPv6 prefix without host bits, with room for SIMs
	FORMAT_IDENTITY, // of IKE: an address, a host name or user@host
	FORMAT_EMAIL, // someone@example.net
};

// One value of an enumeration. Tables end with an empty row.
struct word {
	int key;
	const char *moniker;
	const char *name;
	const char *help;
};

// "The member `field` reads `is`." The member may be one step away: "vslice.vsliceType" through a reference, "^type" in the
// object that this part is in.
struct field_when {
	const char *field;
	const char *is;
};

struct field {
	const char *name; // as in JSON; the SQL column is its snake_case
	const char *alias; // another name accepted on write, or NULL
	enum field_type type;
	unsigned flags; // enum field_flags
	size_t offset;

	// What is accepted.
	int64_t min,
		max; // FIELD_INT: the range; FIELD_TEXT: length in characters; TEXTS, ROWS: number of items (max 0 = no bound)
	enum field_format format; // FIELD_TEXT, FIELD_TEXTS
	const struct word *words; // FIELD_ENUM
	const struct noun *noun; // FIELD_REF, FIELD_ROWS, FIELD_OBJECT
	const char *scope; // FIELD_REF to a row noun: the member that names the owner ("vslice" for a LAC)
	const char *initial; // the default, as text; NULL = absent
	const char *unit; // "seconds", "ms", or NULL

	struct field_when visible; // applies only then; NULL field = always
	struct field_when required; // required only then
	const char *refusal; // said when it is given where it does not apply
	struct field_when shown; // in forms only: of use only then, though it may always be given; "*" is any value
	struct field_when fixed; // FIELD_ENUM: reads `fixed_to` then, and nowhere else
	const char *fixed_to;

	// What people see.
	const char *label; // of a form, and the head of a table's column
	const char *group; // tab of the form
	const char *help; // one sentence, ends without a full stop
	int order; // within the group; 0 = as the rows stand

	const char *sql; // a read-only expression over `t` (the noun's own row) instead of a column: counts
	const char *link; // its name in the gateway link (docs/reference/gateway-link.md); NULL = gateways do not get it
	// Writes the read form of a reference that existing clients read in a shape of its own; NULL = {id, moniker, name}.
	void (*put)(struct text *out, const void *object);
};

struct field_ref {
	char *id; // what is stored; NULL = none
	char *moniker; // the two that a reader sees; filled by the store
	char *name;
};

struct field_texts {
	char **items;
	size_t count;
};

struct field_rows {
	void *items; // `count` structs of noun->size octets, side by side
	size_t count;
};

enum noun_flags {
	NOUN_ROW = 1 << 0, // lives inside its owner's list; is a sub-collection of it in the API
	NOUN_PART = 1 << 1, // a struct inside an object (FIELD_OBJECT): no identity, no path
	NOUN_LIVE = 1 << 2, // made from the gateways' reports, kept in memory, read-only
	NOUN_PLATFORM = 1 << 3, // belongs to the platform, not to a customer: all may read it, the platform owner writes it
	NOUN_BUILT_IN = 1 << 4, // rows come with the program; read-only
	NOUN_OWNER_ONLY = 1 << 5, // only who acts for the platform sees it
	NOUN_BULK = 1 << 7, // may come by an import, which is seen when all of it is stored
	NOUN_SHARED =
		1 << 6, // beside a customer's own there are built-in ones of nobody: all may read them, nobody may change them
};

struct ruling;

struct noun {
	const char *word; // "routing-target": the command line's noun
	const char *title; // "Routing Target": how messages call it
	const char *path; // "routingtargets": its collection in the API (for rows: below the owner)
	const char *spelling; // how existing clients spell the path, when it differs in more than case; or NULL
	const char *table; // SQL table; NULL for parts and live nouns
	const char *help;
	size_t size; // sizeof(the struct)
	unsigned flags; // enum noun_flags
	const struct noun *owner; // of a row
	int read_role, write_role; // the least role (enum account_role) that may; 0 = a viewer reads, an administrator writes
	const struct field *fields;
	size_t field_count;
	// Fills members from others, before rows and rules are held against the object: a subnet into the list, a name from a number.
	void (*prepare)(struct ruling *ruling, void *object, const void *before);
	// The noun's own rules, after each member was checked by its row. `before` is NULL on create. Reports faults to `ruling`.
	void (*check)(struct ruling *ruling, void *object, const void *before);
	// Do two rows of a list say the same? One that is added and says what is there already is answered with that. NULL = never.
	bool (*same)(struct ruling *ruling, void *row, void *other);
	// Writes a row as existing clients read it after a list of rows was added; NULL = its id.
	void (*put_added)(struct text *out, const void *row);
	// Before an object goes: reports what forbids it beyond the users that the store finds by itself.
	void (*check_delete)(struct ruling *ruling, const void *object);
};

#define FIELD_AT(type, member) .offset = offsetof(type, member)

// Access to a member; the type is the row's.
static inline char **field_text(const struct field *field, const void *object)
{
	return (char **)((char *)object + field->offset);
}

static inline int64_t *field_int(const struct field *field, const void *object)
{
	return (int64_t *)((char *)object + field->offset);
}

static inline struct field_ref *field_ref(const struct field *field, const void *object)
{
	return (struct field_ref *)((char *)object + field->offset);
}

static inline struct field_texts *field_texts(const struct field *field, const void *object)
{
	return (struct field_texts *)((char *)object + field->offset);
}

static inline struct field_rows *field_rows(const struct field *field, const void *object)
{
	return (struct field_rows *)((char *)object + field->offset);
}

static inline void *field_object(const struct field *field, const void *object)
{
	return (char *)object + field->offset;
}

// Finds a row by its name or alias, letter case ignored; NULL when there is none.
const struct field *field_find(const struct noun *noun, const char *name);
// The row of a table by moniker or name, case, spaces and hyphens ignored; NULL when there is none.
const struct word *word_find(const struct word *words, const char *moniker);
const struct word *word_of(const struct word *words, int64_t key);
const char *field_type_name(enum field_type type);
// The format's word in the schema: "ipv4"; NULL for FORMAT_ANY.
const char *field_format_name(enum field_format format);
// What a text of this format looks like, in words: "an IPv4 address"; "" for FORMAT_ANY.
const char *field_format_help(enum field_format format);
// What the member accepts, in words, into `out` (of `size` octets); returns `out`: "an integer from 1 to 65535".
char *field_accepts(const struct field *field, char *out, size_t size);
// Does `text` have this format?
bool field_format_ok(enum field_format format, const char *text);
// A member's SQL column, snake_case of its name, into `out` (64 octets); returns `out`.
char *field_column(const struct field *field, char *out);

// An object and, for a part, the object that it is in: what conditions look at.
struct field_place {
	const struct noun *noun;
	const void *object;
	const struct field_place *outer;
};

// Is a condition met, so far as the object and the one that it is in tell? Without a condition, and where it goes through a reference: yes.
bool field_when_holds(const struct field_when *when, const struct field_place *place);

// A zeroed struct of the noun with every member at its default (also inside parts). NULL when memory is out.
void *object_new(const struct noun *noun);
void object_init(const struct noun *noun, void *object);
// Frees what the members own; the struct itself too in object_free (NULL is fine).
void object_fini(const struct noun *noun, void *object);
void object_free(const struct noun *noun, void *object);
// Frees one member's value and gives it its default again / leaves it absent.
void field_reset(const struct field *field, void *object);
void field_clear(const struct field *field, void *object);
// Replaces a text by a copy. 0 or -ENOMEM.
int field_text_set(char **member, const char *text);
int field_texts_add(struct field_texts *texts, const char *text);
// A new row of the list, at its defaults; NULL when memory is out.
void *field_rows_add(const struct noun *noun, struct field_rows *rows);
static inline void *field_rows_at(const struct noun *noun, const struct field_rows *rows, size_t at)
{
	return (char *)rows->items + at * noun->size;
}
