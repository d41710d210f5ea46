"""The pages of legal holds and erasures. Auditors read them."""

from typing import Final

from service.console.framework.page import ADMINISTRATORS, READERS, Page
from service.console.pages.privacy import erasures, legal_holds

HOLDS, ERASURES = legal_holds.PATH, erasures.PATH
PRIVACY: Final = (
    Page("GET", HOLDS, READERS, legal_holds.read_list),
    Page("POST", HOLDS, ADMINISTRATORS, legal_holds.set_one),
    Page("GET", f"{HOLDS}/{{id}}/lift", ADMINISTRATORS, legal_holds.show_lift),
    Page("POST", f"{HOLDS}/{{id}}/lift", ADMINISTRATORS, legal_holds.lift),
    Page("GET", ERASURES, READERS, erasures.read_list),
    Page("GET", f"{ERASURES}/{{id}}", READERS, erasures.read),
    Page("GET", f"{ERASURES}/{{id}}/erase", ADMINISTRATORS, erasures.show_erase),
    # It looks through the whole log for those who name the person.
    Page("POST", f"{ERASURES}/{{id}}/erase", ADMINISTRATORS, erasures.erase, is_stream=True),
)
