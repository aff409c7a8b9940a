<#
.SYNOPSIS
    Hands eSIM activation codes to single devices through Intune.

.DESCRIPTION
    For each row of a CSV file: makes a group with the device as its only member, makes an
    activation code pool with the one code, and assigns the pool to the group. Intune hands
    the codes of a pool out at random within a group, so a group of one device is what
    targets it. The adapter "intune" of esimd takes the same steps; this script is for
    administrators who want to take them by hand, or to see what they are. A code is for
    one of the two: the adapter's names end in its order's id, these in the ICCID, and
    neither knows what the other has made.

    Running it again changes nothing that is already so: groups and pools are found by name.
    A row that fails is reported and the next one is taken. Works in the cloud that the
    session is connected to.

    Needs the module Microsoft.Graph.Authentication and a session:
        Connect-MgGraph -Scopes 'DeviceManagementConfiguration.ReadWrite.All',
            'DeviceManagementManagedDevices.Read.All', 'Device.Read.All', 'Group.ReadWrite.All'

.PARAMETER Path
    CSV file with the columns DeviceId (Intune's id of the device), Iccid and ActivationCode
    (1$ADDRESS$MATCHING-ID). It holds secrets: delete it afterwards.

.PARAMETER NamePrefix
    What the names of groups and pools begin with.

.EXAMPLE
    ./Deploy-EsimProfile.ps1 -Path codes.csv -WhatIf

    Shows what would be done.

.EXAMPLE
    ./Deploy-EsimProfile.ps1 -Path codes.csv | Export-Csv deployed.csv

.OUTPUTS
    One object a row: DeviceId, DeviceName, Iccid, GroupId, PoolId, State (assigned or
    failed), Problem.
#>
#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory)]
    [ValidateScript({ Test-Path -LiteralPath $_ -PathType Leaf })]
    [string] $Path,

    [ValidatePattern('^[A-Za-z0-9_-]{1,32}$')]
    [string] $NamePrefix = 'esimd'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$context = Get-MgContext
if ($null -eq $context) {
    throw 'There is no session with Graph: run Connect-MgGraph first.'
}
$graph = (Get-MgEnvironment -Name $context.Environment).GraphEndpoint
$pools = "$graph/beta/deviceManagement/embeddedSIMActivationCodePools"

function Get-GraphList {
    # All pages of a list. Replies are hashtables: strict mode minds a dot before a key
    # that is not there, and does not mind brackets.
    [CmdletBinding()]
    [OutputType([object[]])]
    param([Parameter(Mandatory)] [string] $Uri)

    while ($Uri) {
        $page = Invoke-MgGraphRequest -Method GET -Uri $Uri
        $page['value']
        $Uri = $page['@odata.nextLink']
    }
}

function ConvertFrom-ActivationCode {
    # SGP.22 4.1: 1$ADDRESS$MATCHING-ID[$OID[$1]]
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Code,
        [Parameter(Mandatory)] [string] $Iccid
    )

    $parts = ($Code -replace '^LPA:', '').Split('$')
    if ($parts.Count -lt 3 -or $parts[0] -ne '1' -or -not $parts[1] -or -not $parts[2]) {
        throw "ICCID ${Iccid}: the activation code is not 1`$ADDRESS`$MATCHING-ID."
    }
    if ($parts.Count -gt 4 -and $parts[4] -eq '1') {
        throw "ICCID ${Iccid}: the profile wants a confirmation code, which Intune cannot carry."
    }
    if ($Iccid -notmatch '^[0-9]{19}[0-9]?$') {
        throw "ICCID ${Iccid}: Intune wants 19 or 20 digits, without F."
    }
    @{
        integratedCircuitCardIdentifier = $Iccid
        matchingIdentifier              = $parts[2]
        smdpPlusServerAddress           = $parts[1]
    }
}

function Get-DirectoryDevice {
    # Intune's device and the directory's own id of it, which groups want.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] [string] $DeviceId)

    $device = Invoke-MgGraphRequest -Method GET -Uri ("$graph/v1.0/deviceManagement/" +
        "managedDevices/${DeviceId}?`$select=id,deviceName,azureADDeviceId")
    $found = @(Get-GraphList -Uri ("$graph/v1.0/devices?`$filter=deviceId eq " +
            "'$($device['azureADDeviceId'])'&`$select=id"))
    if ($found.Count -eq 0) {
        throw "Device ${DeviceId} is not in the directory; no group can hold it."
    }
    [pscustomobject]@{ Name = $device['deviceName']; ObjectId = $found[0]['id'] }
}

function Add-DeviceToGroup {
    # A group that was just made is not known everywhere at once: 404 is met with patience.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $GroupId,
        [Parameter(Mandatory)] [string] $ObjectId
    )

    for ($try = 1; $true; $try++) {
        try {
            $members = @(Get-GraphList -Uri "$graph/v1.0/groups/$GroupId/members?`$select=id")
            if (@($members | Where-Object { $_['id'] -eq $ObjectId }).Count -eq 0) {
                $reference = @{ '@odata.id' = "$graph/v1.0/directoryObjects/$ObjectId" }
                $null = Invoke-MgGraphRequest -Method POST -Body $reference `
                    -Uri "$graph/v1.0/groups/$GroupId/members/`$ref"
            }
            return
        }
        catch {
            if ($try -ge 6 -or "$_" -notmatch '404|NotFound|ResourceNotFound') {
                throw
            }
            Start-Sleep -Seconds 10
        }
    }
}

function Confirm-DeviceGroup {
    # The id of the group of this name with the device in it.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [pscustomobject] $Device
    )

    $found = @(Get-GraphList -Uri ("$graph/v1.0/groups?`$filter=displayName eq " +
            "'$Name'&`$select=id"))
    if ($found.Count -gt 0) {
        $groupId = $found[0]['id']
    }
    else {
        $groupId = (Invoke-MgGraphRequest -Method POST -Uri "$graph/v1.0/groups" -Body @{
                displayName     = $Name
                description     = "Made to hand one eSIM to $($Device.Name)"
                mailNickname    = $Name
                mailEnabled     = $false
                securityEnabled = $true
            })['id']
    }
    Add-DeviceToGroup -GroupId $groupId -ObjectId $Device.ObjectId
    $groupId
}

function Confirm-Pool {
    # The id of the pool of this name, assigned to the group. Codes cannot be read back.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [hashtable] $Code,
        [Parameter(Mandatory)] [string] $GroupId
    )

    $found = @(Get-GraphList -Uri $pools | Where-Object { $_['displayName'] -eq $Name })
    if ($found.Count -gt 0) {
        $poolId = $found[0]['id']
    }
    else {
        $poolId = (Invoke-MgGraphRequest -Method POST -Uri $pools -Body @{
                '@odata.type'   = '#microsoft.graph.embeddedSIMActivationCodePool'
                displayName     = $Name
                activationCodes = @($Code)
            })['id']
    }
    $null = Invoke-MgGraphRequest -Method POST -Uri "$pools/$poolId/assign" -Body @{
        assignments = @(
            @{
                '@odata.type' = '#microsoft.graph.embeddedSIMActivationCodePoolAssignment'
                target        = @{
                    '@odata.type' = '#microsoft.graph.groupAssignmentTarget'
                    groupId       = $GroupId
                }
            }
        )
    }
    $poolId
}

function Publish-Row {
    # The steps for one row; nothing when -WhatIf or the administrator says no.
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] [pscustomobject] $Row)

    $code = ConvertFrom-ActivationCode -Code $Row.ActivationCode -Iccid $Row.Iccid
    $device = Get-DirectoryDevice -DeviceId $Row.DeviceId
    $name = "$NamePrefix-$($Row.Iccid)"
    if (-not $PSCmdlet.ShouldProcess("$($device.Name) ($($Row.DeviceId))", "Assign eSIM $($Row.Iccid)")) {
        return
    }
    $groupId = Confirm-DeviceGroup -Name $name -Device $device
    $poolId = Confirm-Pool -Name $name -Code $code -GroupId $groupId
    [pscustomobject]@{
        DeviceId   = $Row.DeviceId
        DeviceName = $device.Name
        Iccid      = $Row.Iccid
        GroupId    = $groupId
        PoolId     = $poolId
        State      = 'assigned'
        Problem    = $null
    }
}

$rows = @(Import-Csv -LiteralPath $Path)
foreach ($column in 'DeviceId', 'Iccid', 'ActivationCode') {
    if ($rows.Count -gt 0 -and $rows[0].PSObject.Properties.Name -notcontains $column) {
        throw "${Path} has no column $column."
    }
}
foreach ($row in $rows) {
    try {
        Publish-Row -Row $row
    }
    catch {
        # The message may quote a request, never its body: no code gets out here.
        Write-Error -Message "$($row.DeviceId), $($row.Iccid): $_" -ErrorAction Continue
        [pscustomobject]@{
            DeviceId   = $row.DeviceId
            DeviceName = $null
            Iccid      = $row.Iccid
            GroupId    = $null
            PoolId     = $null
            State      = 'failed'
            Problem    = "$_"
        }
    }
}
