"""Names that widely known schemas give to attributes. Only these are shown where a client's own names may not be.

A client may send a person's name as the name of an attribute: {"ada@example.com": true}. Nobody can tell whether a
name that no schema has is such a one. So what is shown is taken from this list, and the rest is only counted.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from schema.scim import urns
from schema.scim.attributes import Attribute
from schema.scim.definitions import GROUP, ROLE, USER

HIDDEN = "*"  # Stands for a name that is not in the list.
URNS = {
    each.lower(): each
    for each in (urns.USER, urns.GROUP, urns.ROLE, urns.ENTERPRISE_USER, urns.CLM_USER)
}
# What identity providers offer as sources and targets of mappings, besides the attributes of RFC 7643: the user
# attributes of Microsoft Entra ID and of its on-premises directories, and those of Okta, OneLogin and LDAP.
OFFERED = """
accountEnabled accountExpires ageGroup alias aliases appRoleAssignments assistant birthday businessPhone
businessPhones c carLicense city cn co comment company companyName consentProvidedForMinor countryCode
creationType custom customAttribute customAttributes customerId dc description directReports
directoryScopes distinguishedName employeeHireDate employeeID employeeId employeeLeaveDateTime employeeOrgData
employeeType endDate extension extensionAttribute extensionAttributes facsimileTelephoneNumber fax faxNumber
firstName fullName gender gidNumber givenNamePronunciation groupType groupTypes hireDate homeDirectory
homePhone homePostalAddress honorific imAddress imAddresses info initials ipPhone isActive isEnabled
isPrimary isSoftDeleted jobCode jobTitle l language lastLogin lastName lastPasswordChangeDateTime
legalAgeGroupClassification license locality location loginName login mail mailEnabled mailNickname
maidenName managedBy manager managerId member memberOf middleInitial mobile mobilePhone name netId notes o
objectClass objectGUID objectId objectSid office officeLocation onPremisesDistinguishedName
onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId onPremisesSamAccountName
onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails otherPhone
otherTelephone ou owner owners pager passwordPolicies passwordProfile personalTitle phone physicalDeliveryOfficeName
postOfficeBox postalAddress preferredDataLocation preferredName primaryEmail primaryPhone proxyAddresses
role roleId sAMAccountName samAccountName secondEmail secretary securityEnabled sn source sourceAnchor
sourceId st startDate state status street streetAddress subDivision surname syncSource tags team
telephoneNumber telexNumber terminationDate thumbnailPhoto title uid uidNumber unit unixHomeDirectory usageLocation
userParameters userPrincipalName userType username visibility workEmail workPhone zip zipCode zoneinfo
"""


def _defined(attributes: Iterable[Attribute]) -> Iterator[str]:
    for each in attributes:
        yield each.name
        yield from _defined(each.sub_attributes.values())


@lru_cache(maxsize=1)
def known_names() -> dict[str, str]:
    """Return the names of the list, by their lower-case form."""
    schemas = [schema for each in (USER, GROUP, ROLE) for schema in (each.schema, *each.extensions)]
    names = {*OFFERED.split(), *(f"extensionAttribute{number}" for number in range(1, 16))}
    names |= {f"customAttribute{number}" for number in range(1, 16)}
    for schema in schemas:
        names |= set(_defined(schema.attributes.values()))
    return {each.lower(): each for each in sorted(names)}


def shown_name(sent: str) -> str:
    """Return the name of an attribute as it may be shown: * in place of each part that is not in the list."""
    urn, _, rest = sent.rpartition(":") if urns.is_urn(sent) else ("", "", sent)
    known = known_names()
    path = ".".join(known.get(part.lower(), HIDDEN) for part in rest.split("."))
    return f"{URNS.get(urn.lower(), HIDDEN)}:{path}" if urn else path


def is_hidden(shown: str) -> bool:
    """Return whether nothing of a name is shown."""
    return set(shown) <= {*HIDDEN, ".", ":"}
