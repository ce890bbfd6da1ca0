"""The routes of campaigns and of their audiences."""

from fastapi import APIRouter

from blazz_server.campaigns.api import audiences, campaigns, outcome

router = APIRouter()
for _module in (audiences, campaigns, outcome):
    router.include_router(_module.router)
